/** A folder that holds what the drive holds before the agent sees it: found files are recorded, not fetched, so a large mirror is ready soon. */
import { closeSync, futimesSync, mkdirSync, openSync, writeSync } from "node:fs";
import path from "node:path";

import { contentRange } from "../sandbox/content.mjs";

const SEED = 1;

/** Fills drive and folder alike with `count` files of `size` bytes, a hundred to a folder, below `top`; answers the path of one in their middle. */
export async function prefill({ sandbox, folder }, { top, count, size }) {
  await sandbox.bulk({ path: top, count, folders: Math.ceil(count / 100), depth: 3, size, seed: SEED, notify: false });
  mkdirSync(folder, { recursive: true });
  const items = await sandbox.tree();
  for (const item of items) {
    const place = path.join(folder, item.path);
    if (item.type === "folder") mkdirSync(place);
    else writeOne(place, Number(/f(\d+)\.bin$/.exec(item.path)[1]), item);
  }
  const files = items.filter((item) => item.type === "file");
  return files[Math.floor(files.length / 2)].path;
}

function writeOne(place, number, { size, mtime }) {
  const file = openSync(place, "wx");
  for (const part of contentRange({ bytes: null, seed: SEED + number, size }, 0, size)) writeSync(file, part);
  const time = Date.parse(mtime) / 1000;
  futimesSync(file, time, time);
  closeSync(file);
}
