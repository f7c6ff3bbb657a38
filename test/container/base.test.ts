import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { basePresent, ensureBase } from "../../cli/bootstrap/base";
import { silentProgress } from "../../cli/progress";
import { docker } from "../support/docker";
import { run } from "../support/processes";

// Another suite than the one that other tests build on, so that theirs stays as it is.
const SUITE = "trixie";
const IMAGE = "gpudev/base:trixie";
/** A tar archive without a file: two empty blocks. */
const EMPTY_TAR = "\0".repeat(1024);

async function imageId(): Promise<string> {
  return (await docker("image", "inspect", "--format", "{{.Id}}", IMAGE)).trim();
}

beforeAll(async () => {
  const imported = await run("docker", ["import", "-", IMAGE], { input: EMPTY_TAR });
  expect(imported.code, imported.stderr).toBe(0);
});

afterAll(async () => {
  await docker("image", "rm", "--force", IMAGE);
});

describe("a base from the distribution's archive", () => {
  it("takes the place of one that another recipe made", async () => {
    const foreign = await imageId();
    expect(await basePresent(SUITE)).toBe(false);
    expect(await ensureBase(silentProgress, SUITE)).toBe(IMAGE);
    expect(await imageId()).not.toBe(foreign);
    expect(await basePresent(SUITE)).toBe(true);
  });

  it("has apt and public CAs, and no identity of the machine that made it", async () => {
    const look =
      "cat /etc/debian_version; ls /usr/bin/apt-get /etc/ssl/certs/ca-certificates.crt; cat /etc/machine-id";
    const said = await run("docker", ["run", "--rm", "--network", "none", IMAGE, "sh", "-c", look]);
    expect(said.stdout).toMatch(
      /^13\.\d+\n\/etc\/ssl\/certs\/ca-certificates\.crt\n\/usr\/bin\/apt-get\n$/,
    );
  });

  it("stays as it is where it is there already", async () => {
    const before = await imageId();
    await ensureBase(silentProgress, SUITE);
    expect(await imageId()).toBe(before);
  });
});
