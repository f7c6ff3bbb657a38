import * as fs from "node:fs";
import * as path from "node:path";
import { generatedFiles } from "../components/settings/generatedFiles";

// Run by `npm run generate`: npm runs scripts in the project's root.
for (const [name, text] of Object.entries(generatedFiles())) {
  fs.mkdirSync(path.dirname(name), { recursive: true });
  fs.writeFileSync(name, text);
  process.stdout.write(`${name}\n`);
}
