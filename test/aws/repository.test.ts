import { describe, expect, it } from "vitest";
import { ImageRepository, lifecycleRules } from "../../components/aws/imageRepository";
import { awsRegistered, namesOf, only } from "../support/awsRegistered";

const made = async (args: Partial<ConstructorParameters<typeof ImageRepository>[1]> = {}) =>
  awsRegistered(
    () => new ImageRepository("images", { name: "gpudev-team/pytorch", ...args }).repositoryUrl,
  );

describe("the repository of a stack's images", () => {
  it("is encrypted, scanned on push, with tags that do not move but those named", async () => {
    const { asked, value } = await made({ movingTags: ["2.6-cuda12.4", "v2.6"] });
    expect(namesOf(asked)).toEqual([
      "LifecyclePolicy images-lifecycle",
      "Repository images-images",
    ]);
    expect(only(asked, "ecr/repository:Repository").inputs).toEqual({
      name: "gpudev-team/pytorch",
      imageTagMutability: "IMMUTABLE_WITH_EXCLUSION",
      imageTagMutabilityExclusionFilters: [
        { filter: "2.6-cuda12.4", filterType: "WILDCARD" },
        { filter: "v2.6", filterType: "WILDCARD" },
      ],
      imageScanningConfiguration: { scanOnPush: true },
      encryptionConfigurations: [{ encryptionType: "AES256" }],
      forceDelete: true,
    });
    expect(value).toBe("111122223333.dkr.ecr.eu-west-1.amazonaws.com/gpudev-team/pytorch");
  });

  it("lets no tag move where none is named", async () => {
    expect(only((await made()).asked, "ecr/repository:Repository").inputs).toMatchObject({
      imageTagMutability: "IMMUTABLE",
    });
  });

  it("expires only what no tag names: a digest that was deployed keeps its tag", () => {
    const { rules } = JSON.parse(lifecycleRules()) as {
      rules: { selection: { tagStatus: string } }[];
    };
    expect(rules.map(({ selection }) => selection.tagStatus)).toEqual(["untagged"]);
  });

  it("is only looked up where it exists already", async () => {
    const { asked, value } = await made({ existing: true });
    expect(namesOf(asked)).toEqual([]);
    expect(value).toBe("111122223333.dkr.ecr.eu-west-1.amazonaws.com/gpudev-team/pytorch");
  });
});
