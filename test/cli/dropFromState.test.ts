import { describe, expect, it } from "vitest";
import { droppedFromState } from "../../cli/aws/dropFromState";

describe("a state without a volume", () => {
  it("refers to it nowhere, and holds all else", () => {
    const [volume, instance] = ["urn:volume", "urn:instance"];
    const attachment = {
      urn: "urn:attachment",
      type: "a",
      dependencies: [instance, volume],
      propertyDependencies: { instanceId: [instance], volumeId: [volume], deviceName: null },
      deletedWith: instance,
    };
    const resources = [
      { urn: volume, type: "v", protect: true },
      { urn: instance, type: "i" },
      attachment,
      { urn: "urn:other", type: "o", deletedWith: volume },
    ];
    const dropped = droppedFromState({ version: 3, deployment: { resources } }, volume);
    expect(dropped).toEqual({
      version: 3,
      deployment: {
        resources: [
          { urn: instance, type: "i" },
          {
            ...attachment,
            dependencies: [instance],
            propertyDependencies: { instanceId: [instance], volumeId: [], deviceName: [] },
          },
          { urn: "urn:other", type: "o" },
        ],
      },
    });
  });
});
