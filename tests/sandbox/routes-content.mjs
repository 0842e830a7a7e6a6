/** The content host: pre-authenticated addresses for downloads and upload sessions. A bearer token has no place here. */
import { contentRange } from "./content.mjs";
import { cTag, encodeName, mimeType } from "./item-json.mjs";
import { seal, unseal } from "./seal.mjs";
import { uploadRequest } from "./uploads.mjs";

const MARK = "v1.";
const SMALL = 64 * 1024;

export class ContentHost {
  constructor(app) {
    this.app = app;
    this.epoch = 1; // addresses of an older epoch have expired, whatever they say
  }

  /** A short-lived address of an item's content. */
  downloadUrl(drive, item) {
    const expires = Date.now() + this.app.settings.download_url_s * 1000;
    const auth = MARK + seal("download", [drive.name, item.n, expires, this.epoch]);
    const guid = drive.guidOf(item).toLowerCase();
    return `${this.app.listeners.content.url}/personal/${drive.name}/_layouts/15/download.aspx?UniqueId=${guid}&Translate=false&tempauth=${auth}&ApiVersion=2.0`;
  }

  async request(exchange) {
    const isUpload = exchange.path.endsWith("/uploadSession");
    const isMonitor = exchange.path.startsWith("/monitor/");
    if (await exchange.enter(isUpload ? "upload" : isMonitor ? "monitor" : "download")) return;
    if (exchange.header("authorization") !== undefined && this.app.settings.content_refuses_token) {
      exchange.error(401, "unauthenticated", "A pre-authenticated address takes no Authorization header");
    } else if (isUpload) {
      await uploadRequest(exchange);
    } else if (isMonitor) {
      const resourceId = decodeURIComponent(exchange.path.slice("/monitor/".length));
      exchange.json(200, { status: "completed", percentageComplete: 100, resourceId });
    } else {
      this.#download(exchange);
    }
  }

  #download(exchange) {
    const { app } = this;
    const sealed = exchange.query.get("tempauth") ?? "";
    const fields = sealed.startsWith(MARK) ? unseal("download", sealed.slice(MARK.length)) : null;
    if (fields === null) return exchange.error(401, "unauthenticated", "The address is not valid");
    const [driveName, number, expires, epoch] = fields;
    if (Number(expires) <= Date.now() || Number(epoch) !== this.epoch) {
      return exchange.error(app.settings.expired_download_status, "unauthenticated", "The address has expired");
    }
    const drive = app.world.drives.get(driveName);
    const item = drive.items[Number(number)];
    if (item.deleted) return exchange.error(404, "itemNotFound", "The resource could not be found.");
    if (!["GET", "HEAD"].includes(exchange.method)) return exchange.error(405, "notAllowed", "Only GET and HEAD");
    sendContent(exchange, drive, item);
  }
}

/** The requested part of `size` bytes: { start, end }, "whole" where none is asked for, or "bad". */
export function parseRange(header, size) {
  const range = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (range === null || (range[1] === "" && range[2] === "")) return "whole";
  if (range[1] === "") {
    const length = Math.min(Number(range[2]), size);
    return length === 0 ? "bad" : { start: size - length, end: size };
  }
  const start = Number(range[1]);
  const end = range[2] === "" ? size : Math.min(Number(range[2]) + 1, size);
  return start >= size || end <= start ? "bad" : { start, end };
}

function sendContent(exchange, drive, item) {
  const version = cTag(drive, item);
  const tag = version.startsWith('"') ? version : `"${version}"`;
  const modified = new Date(item.mtime).toUTCString();
  const headers = {
    "content-type": mimeType(item.name),
    "accept-ranges": "bytes",
    etag: tag,
    "last-modified": modified,
    "content-disposition": `attachment; filename*=UTF-8''${encodeName(item.name)}`,
  };
  if (exchange.header("if-none-match") === tag) return exchange.empty(304, { etag: tag });
  const condition = exchange.header("if-range");
  const stale = condition !== undefined && condition !== tag && condition !== modified;
  const ignored = exchange.fault?.kind === "ignore_range";
  const range = stale || ignored ? "whole" : parseRange(exchange.header("range"), item.size);
  if (range === "bad") {
    return exchange.error(416, "invalidRange", "Range not satisfiable", { headers: { "content-range": `bytes */${item.size}` } });
  }
  if (range === "whole") {
    return exchange.stream(200, { ...headers, "content-length": item.size }, partsOf(item, 0, item.size));
  }
  headers["content-range"] = `bytes ${range.start}-${range.end - 1}/${item.size}`;
  headers["content-length"] = range.end - range.start;
  exchange.stream(206, headers, partsOf(item, range.start, range.end));
}

/** What is small goes out at once: head, body and end in one write. */
function partsOf(item, start, end) {
  const parts = contentRange(item, start, end);
  return end - start <= SMALL ? [Buffer.concat([...parts])] : parts;
}
