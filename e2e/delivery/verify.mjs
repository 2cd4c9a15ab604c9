// Asks a checker of signed paths, a module that exports verifyPath, about paths that come on standard input as
// {now, keys, paths}, each path {now, text in base64}. Prints a list of keys, null for each path that is refused.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const module = await import(pathToFileURL(process.argv[2]));
const { verifyPath } = module.default?.verifyPath ? module.default : module;
const { keys, paths } = JSON.parse(readFileSync(0, 'utf8'));
const answers = [];
for (const { text, now } of paths) {
  const found = await verifyPath(Buffer.from(text, 'base64').toString('latin1'), now, keys);
  answers.push(found ? found.key : null);
}
process.stdout.write(JSON.stringify(answers));
