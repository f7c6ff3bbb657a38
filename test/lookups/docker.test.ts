import { describe, expect, it } from "vitest";
import { parseContext } from "../../components/lookups/docker";

describe("the Docker client's own context", () => {
  it.each([
    ["default\nunix:///var/run/docker.sock\n0", { host: "unix:///var/run/docker.sock" }],
    ["gpu-box\nssh://ada@gpu-box\n0", { host: "ssh://ada@gpu-box" }],
    ["default\ntcp://gpu-box:2376\n1", { host: "tcp://gpu-box:2376" }],
    ["", {}],
  ])("%j is %j", (text, context) => {
    expect(parseContext(text)).toEqual(context);
  });

  it("with certificates of its own is refused, with what to do", () => {
    const { host, because } = parseContext("office\ntcp://gpu-box:2376\n1");
    expect(host).toBe("tcp://gpu-box:2376");
    expect(because).toMatch(
      /^The Docker context office reaches tcp:\/\/gpu-box:2376 with certificates of its own/,
    );
    expect(because).toContain("DOCKER_CERT_PATH");
  });
});
