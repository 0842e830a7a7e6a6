// Holds a folder against a drive's tree as the sandbox tells it (NDJSON on a file: path,
// type, size, quickXorHash, mtime): exits 0 only if they are equal by path, type, size,
// hash, and the mtime of files (to the second). The working folder is passed over.
//
//   node compare-tree.mjs TREE.ndjson FOLDER

import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { QuickXor } from '../sandbox/quickxor.mjs';

async function quickXorOf(file) {
  const hash = new QuickXor();
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return hash.digest('base64');
}

async function* walk(root, folder = '') {
  for (const entry of await readdir(path.join(root, folder), { withFileTypes: true })) {
    if (folder === '' && entry.name === '.drive-agent') continue;
    const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
    yield { name, entry };
    if (entry.isDirectory()) yield* walk(root, name);
  }
}

/** The differences between a model tree (array of items) and a folder, as lines. */
export async function differences(items, folder) {
  const wanted = new Map(items.map((item) => [item.path.replace(/^\//, ''), item]));
  wanted.delete('');
  const lines = [];
  for await (const { name, entry } of walk(folder)) {
    const item = wanted.get(name);
    wanted.delete(name);
    if (item === undefined) {
      lines.push(`only here: ${name}`);
      continue;
    }
    const kind = entry.isDirectory() ? 'folder' : entry.isFile() ? 'file' : 'other';
    if (kind !== item.type) {
      lines.push(`${name}: ${kind} here, ${item.type} on the drive`);
      continue;
    }
    if (kind === 'folder') continue;
    const file = path.join(folder, name);
    const facts = await stat(file);
    if (facts.size !== item.size) lines.push(`${name}: ${facts.size} bytes, not ${item.size}`);
    else if (item.quickXorHash && (await quickXorOf(file)) !== item.quickXorHash)
      lines.push(`${name}: other content`);
    if (Math.floor(facts.mtimeMs / 1000) !== Math.floor(Date.parse(item.mtime) / 1000))
      lines.push(`${name}: mtime ${facts.mtime.toISOString()}, not ${item.mtime}`);
  }
  for (const name of wanted.keys()) lines.push(`only on the drive: ${name}`);
  return lines;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [tree, folder] = process.argv.slice(2);
  const items = (await readFile(tree, 'utf8'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
  const lines = await differences(items, folder);
  for (const line of lines) console.log(line);
  console.log(lines.length === 0 ? `equal: ${items.length} items` : 'folder and drive differ');
  process.exit(lines.length === 0 ? 0 : 1);
}
