import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { knownStack } from "../../cli/bootstrap/stackFile";
import { stackTemplate, type StackFacts } from "../../cli/bootstrap/stackTemplate";
import { parseSettings, readStackConfig } from "../../components/settings";

const KEY =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM5EJpkwlt2foynf9MtEJ1k1bsGV5v+YsOnEAu6e7cEq ada@laptop";
const usual: StackFacts = {
  user: "ada",
  sshKeys: [KEY],
  base: "ubuntu:22.04",
  ports: { jupyter: 8888, ssh: 2222 },
};

describe("stackTemplate", () => {
  it("says no more than it has to on a usual machine", () => {
    expect(stackTemplate(usual)).toBe(`# yaml-language-server: $schema=./schema.json
# Written by \`npm start\` for this machine, and yours from here on: it is not written again.
config:
  gpudev:target: workstation
  gpudev:users:
    - name: "ada"
      sshKeys:
        - "${KEY}"
  gpudev:gpu:
    perUser: auto # one GPU where there is one, else the CPU
  gpudev:image:
    base: ubuntu:22.04
`);
  });

  it("writes what differs here, with the reason", () => {
    const text = stackTemplate({
      ...usual,
      base: "bootstrap:bookworm",
      baseReason: "Docker Hub did not give ubuntu:22.04 when this was written",
      extraCa: "/etc/ssl/my own/ca.crt",
      ports: { jupyter: 8889, ssh: 2222 },
      range: "10.214.0.0/16",
    });
    expect(text.split("\n").slice(10)).toEqual([
      "  gpudev:image:",
      "    # Docker Hub did not give ubuntu:22.04 when this was written",
      "    base: bootstrap:bookworm",
      "    # TLS to the package indexes is signed by a CA of this machine's own",
      '    extraCa: "/etc/ssl/my own/ca.crt"',
      "  # the usual ports were taken when this was written",
      "  gpudev:ports: { jupyter: 8889, ssh: 2222 }",
      "  # 10.213.0.0/16 was in use when this was written",
      "  gpudev:networks: { range: 10.214.0.0/16 }",
      "",
    ]);
  });

  it("is what the settings read back", () => {
    const text = stackTemplate({ ...usual, ports: { jupyter: 8890, ssh: 2223 } });
    const { settings, findings } = parseSettings({
      stack: "local",
      config: readStackConfig(text),
      readFile: () => "",
    });
    expect(findings).toEqual([]);
    expect(settings?.users).toEqual([{ name: "ada", sshKeys: [KEY] }]);
    expect(settings?.ports).toEqual({ jupyter: 8890, ssh: 2223 });
    expect(settings?.gpu.perUser).toBe("auto");
  });

  it("is valid YAML for any key comment and path", () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ minLength: 1 }), (comment, extraCa) => {
        const text = stackTemplate({ ...usual, sshKeys: [`${KEY} ${comment}`], extraCa });
        const { config } = parse(text) as {
          config: {
            "gpudev:users": { sshKeys: string[] }[];
            "gpudev:image": { extraCa: string };
          };
        };
        expect(config["gpudev:users"][0]?.sshKeys).toEqual([`${KEY} ${comment}`]);
        expect(config["gpudev:image"].extraCa).toBe(extraCa);
      }),
    );
  });
});

describe("knownStack", () => {
  it.each([
    ["config:\n  gpudev:image: {base: bootstrap:bookworm}\n", { base: "bootstrap:bookworm" }],
    ["config:\n  gpudev:docker: {host: ssh://ada@box}\n", { dockerHost: "ssh://ada@box" }],
    ["config:\n  gpudev:image: {base: 7}\n", {}],
    ["config: [", {}],
    ["", {}],
  ])("reads %j", (text, known) => {
    expect(knownStack(text)).toEqual(known);
  });
});
