// Adds up the test runners' reports. A report that is missing, or a test that was skipped, is a failure.
import { existsSync, readFileSync } from "node:fs";

const [alreadyFailed, ...reports] = process.argv.slice(2);
let passed = 0;
let failed = 0;
let skipped = 0;
for (const file of reports) {
  if (!existsSync(file)) {
    console.log(`${file}: no report`);
    failed += 1;
    continue;
  }
  const report = JSON.parse(readFileSync(file, "utf8"));
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  skipped += report.numPendingTests + report.numTodoTests;
  // A file that broke outside its tests counts as one failure.
  const broken = report.testResults.filter(
    (suite) =>
      suite.status === "failed" && suite.assertionResults.every((t) => t.status !== "failed"),
  );
  failed += broken.length;
}
if (alreadyFailed !== "0" && failed === 0) failed = 1;
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed > 0 || skipped > 0 || passed === 0 ? 1 : 0;
