import { execFile } from "node:child_process";
import * as path from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { packageRoot } from "../../components/lookups/paths";

const run = promisify(execFile);
const root = packageRoot();

/** The oldest Python that the host software has to run on (Ubuntu 22.04's), and what its tests need. */
describe("host software", () => {
  it("passes its own tests", { timeout: 600_000 }, async () => {
    const folder = path.join(root, "test", "host", "python");
    const { stderr } = await run(
      "python3",
      ["-B", "-m", "unittest", "discover", "-s", folder, "-t", folder],
      {
        maxBuffer: 2 ** 26,
      },
    );
    expect(stderr).toMatch(/^Ran \d{3} tests in /m);
    expect(stderr).toMatch(/^OK$/m);
  });

  it("uses nothing but Python's standard library", async () => {
    const script = `
import ast, pathlib, sys
found = set()
for file in pathlib.Path(sys.argv[1]).rglob("*.py"):
    for node in ast.walk(ast.parse(file.read_text(), feature_version=(3, 10))):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module]
        found |= {name.split(".")[0] for name in names}
print("\\n".join(sorted(found - set(sys.stdlib_module_names) - {"gpudev_host"})))`;
    const { stdout } = await run("python3", ["-c", script, path.join(root, "images", "host")]);
    expect(stdout.trim()).toBe("");
  });
});
