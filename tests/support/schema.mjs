/**
 * Holds what the agent prints against the schemas of packaging/schema.
 *
 *   const fits = schemas();
 *   fits("status", JSON.parse(stdout));               // throws and says where it does not fit
 *   fits("inspect", rows, "items");                   // one definition of a schema
 *   for (const line of jsonLines(stdout)) fits("sync-now", line);
 */
import { createRequire } from "node:module";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../../packaging/schema/", import.meta.url));
/* ajv is installed beside the sandbox, whose lock names its version. */
const Ajv = createRequire(new URL("../sandbox/package.json", import.meta.url))("ajv/dist/2020.js").default;

export function schemas() {
  const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true });
  const ids = {};
  for (const file of readdirSync(FOLDER)) {
    const schema = JSON.parse(readFileSync(path.join(FOLDER, file), "utf8"));
    ids[path.basename(file, ".json")] = schema.$id;
    ajv.addSchema(schema);
  }
  return (name, value, definition) => {
    const id = definition === undefined ? ids[name] : `${ids[name]}#/$defs/${definition}`;
    const validate = ajv.getSchema(id);
    if (!validate) throw new Error(`no schema ${id}`);
    if (validate(value)) return;
    const faults = validate.errors.map((error) => `${error.instancePath || "/"} ${error.message} ${JSON.stringify(error.params)}`);
    throw new Error(`${name} does not fit its schema:\n${faults.join("\n")}\n${JSON.stringify(value)}`);
  };
}

export const jsonLines = (text) => text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
