import { describe, expect, it } from "vitest";
import { checkConfig, hostOf } from "../../cli/providers/config";
import { image } from "../../cli/providers/image";
import { network } from "../../cli/providers/network";
import { isOurs } from "../../cli/providers/ownership";
import { volume } from "../../cli/providers/volume";

const LABELS = [
  { label: "dev.gpudev.stack-id", value: "abc123" },
  { label: "dev.gpudev.user", value: "alice" },
];
const VOLUME = { name: "home", labels: LABELS };
const NETWORK = {
  name: "net",
  driver: "bridge",
  ipamConfigs: [{ subnet: "10.213.0.0/29", gateway: "10.213.0.1" }],
  labels: LABELS,
};
const IMAGE = {
  context: { location: "/src" },
  dockerfile: { location: "/src/Dockerfile" },
  buildArgs: { PYTHON: "3.10" },
  tags: ["a:1", "a:latest"],
  push: false,
  load: true,
  secrets: { ca: "x" },
  network: "default",
  buildOnPreview: false,
  ignoreSecretsInDiffCalculation: ["ca"],
};

describe("volumes, networks and images", () => {
  it.each([
    ["volume", volume, VOLUME],
    ["network", network, NETWORK],
    ["image", image, IMAGE],
  ] as const)("take what the component sends: %s", (_, resource, inputs) => {
    expect(resource.check(inputs)).toEqual([]);
    expect(resource.diff(inputs, inputs, inputs)).toEqual([]);
  });

  it.each([
    ["volume", volume, VOLUME, "driverOpts"],
    ["network", network, NETWORK, "internal"],
    ["image", image, IMAGE, "platforms"],
  ] as const)("refuse by name what they do not follow: %s", (_, resource, inputs, more) => {
    expect(resource.check({ ...inputs, [more]: true }).map(({ property }) => property)).toEqual([
      more,
    ]);
  });

  it.each([
    ["a volume's name", volume, VOLUME, { name: "other" }, true],
    ["a volume's labels", volume, VOLUME, { labels: [] }, true],
    ["a network's name", network, NETWORK, { name: "other" }, true],
    ["a network's range", network, NETWORK, { ipamConfigs: [] }, true],
    ["a network's labels", network, NETWORK, { labels: [] }, true],
    ["an image's tags", image, IMAGE, { tags: ["a:2"] }, false],
    ["an image's build arguments", image, IMAGE, { buildArgs: {} }, false],
    ["an image's push", image, IMAGE, { push: true }, false],
  ] as const)("a change of %s", (_, resource, inputs, more, replaces) => {
    const changes = resource.diff(inputs, { ...inputs, ...more }, inputs);
    expect(changes).toEqual([{ property: Object.keys(more)[0], kind: "update", replaces }]);
  });

  it.each([
    ["where the context lies", { context: { location: "/elsewhere" } }],
    ["where the Dockerfile lies", { dockerfile: { location: "/elsewhere/Dockerfile" } }],
    ["a secret's value", { secrets: { ca: "y" } }],
  ])("an image stays as it is with a change of %s", (_, more) => {
    expect(image.diff(IMAGE, { ...IMAGE, ...more }, IMAGE)).toEqual([]);
  });
});

describe("an object on the daemon", () => {
  const labels = { "dev.gpudev.stack-id": "abc123", "dev.gpudev.user": "alice" };
  it.each([
    ["the same labels", labels, true],
    ["more labels, such as its image's", { ...labels, "dev.gpudev.base": "bookworm" }, true],
    ["another stack's id", { ...labels, "dev.gpudev.stack-id": "zzz999" }, false],
    ["another user", { ...labels, "dev.gpudev.user": "bob" }, false],
    ["no labels", null, false],
  ])("with %s", (_, found, ours) => {
    expect(isOurs(LABELS, found)).toBe(ours);
  });

  it("is never ours where nothing says whose it should be", () => {
    expect(isOurs([{ label: "other", value: "x" }], { other: "x" })).toBe(false);
  });
});

describe("a provider's configuration", () => {
  it("names the daemon", () => {
    expect(hostOf({ host: "ssh://ada@box" })).toBe("ssh://ada@box");
    expect(hostOf({ host: "" })).toBeUndefined();
    expect(hostOf({})).toBeUndefined();
  });

  it("is refused where it would not be followed", () => {
    const config = { host: "unix:///x", version: "5.2.0", certPath: "/certs", __internal: {} };
    expect(checkConfig(config).map(({ property }) => property)).toEqual(["certPath"]);
  });
});
