import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as dockerBuild from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { docker } from "../support/docker";
import { EngineStack, smallImage } from "../support/engine";
import { run } from "../support/processes";

const REPOSITORY = "gpudev-engine-image";
const SECRET = "a-line-that-no-layer-keeps";

/** Folders that builds put secrets in while they run. */
function secretFolders(): readonly string[] {
  return fs.readdirSync(os.tmpdir()).filter((name) => name.startsWith("gpudev-build-"));
}

describe("images on the real engine", () => {
  let stack: EngineStack;
  let context: string;
  let base: string;
  let digest: unknown;
  let foldersBefore: readonly string[];

  beforeAll(async () => {
    // A build names its base by tag or digest; an ID alone it would look for on a hub.
    base = `${REPOSITORY}:base`;
    await docker("tag", await smallImage(), base);
    stack = await EngineStack.open("images");
    foldersBefore = secretFolders();
    context = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-context-"));
  });
  afterAll(async () => {
    const tags = await docker("images", "--format", "{{.Repository}}:{{.Tag}}", REPOSITORY);
    for (const tag of tags.split("\n").filter(Boolean)) await docker("rmi", tag);
    fs.rmSync(context, { recursive: true, force: true });
    stack.remove();
  });

  const dockerfile = (line: string) =>
    fs.writeFileSync(
      path.join(context, "Dockerfile"),
      [
        "ARG BASE",
        "FROM ${BASE}",
        "ARG WORD",
        "RUN --mount=type=secret,id=ca test -s /run/secrets/ca",
        line,
        "",
      ].join("\n"),
    );

  const program =
    (tag: string, word: string, more: Partial<dockerBuild.ImageArgs> = {}) =>
    () => {
      const image = new dockerBuild.Image("image", {
        context: { location: context },
        dockerfile: { location: path.join(context, "Dockerfile") },
        buildArgs: { BASE: base, WORD: word },
        tags: [`${REPOSITORY}:${tag}`, `${REPOSITORY}:latest`],
        push: false,
        load: true,
        buildOnPreview: false,
        secrets: { ca: pulumi.secret(SECRET) },
        ignoreSecretsInDiffCalculation: ["ca"],
        ...more,
      });
      image.digest.apply((value) => (digest = value));
      return Promise.resolve({ digest: image.digest });
    };

  const idOf = (tag: string) =>
    docker("image", "inspect", "--format", "{{.Id}}", `${REPOSITORY}:${tag}`);

  it("builds, tags, and names the image by its ID", async () => {
    dockerfile("RUN echo $WORD > /word");
    const { failure, changes, shown } = await stack.up(program("one", "hello"));
    expect(failure).toBeUndefined();
    expect(changes).toEqual({ create: 2 });
    expect(shown.join("\n")).toContain("echo hello > /word");
    expect(digest).toBe(await idOf("one"));
    expect(await idOf("latest")).toBe(digest);
  });

  it("keeps a secret out of state, image and the temporary folder", async () => {
    expect(stack.state()).not.toContain(SECRET);
    expect(await docker("history", "--no-trunc", `${REPOSITORY}:one`)).not.toContain(SECRET);
    expect(secretFolders()).toEqual(foldersBefore);
  });

  it("changes nothing the second time, also where a secret's value changed", async () => {
    const again = program("one", "hello", { secrets: { ca: pulumi.secret("another") } });
    expect((await stack.up(again, true)).changes).toEqual({ same: 2 });
  });

  it("builds again in place for a new tag, and goes back to one that is there", async () => {
    const first = digest;
    expect((await stack.up(program("two", "bye"))).changes).toEqual({ same: 1, update: 1 });
    expect(digest).not.toBe(first);
    const { shown } = await stack.up(program("one", "hello"));
    expect(shown.join("\n")).toContain("the daemon has this image already");
    expect(digest).toBe(first);
  });

  it("builds again what somebody removed", async () => {
    await docker("rmi", `${REPOSITORY}:one`, `${REPOSITORY}:latest`);
    const { failure } = await stack.up(program("one", "hello"), true);
    expect(failure).toBeUndefined();
    expect(await idOf("one")).toBe(digest);
  });

  it("shows a failed build's last lines", async () => {
    dockerfile("RUN echo the-cause && false");
    const { failure, tally } = await stack.up(program("three", "hello"));
    expect(failure).toBeDefined();
    const said = tally.errors.map(({ message }) => message).join("\n");
    expect(said).toContain(`building ${REPOSITORY}:three failed`);
    expect(said).toContain("the-cause");
  });

  it("refuses inputs that it would not follow, and names them", async () => {
    const { failure, tally } = await stack.up(
      program("one", "hello", { noCache: true, target: "stage" }),
    );
    expect(failure).toBeDefined();
    const said = tally.errors.map(({ message }) => message).join("\n");
    expect(said).toContain("noCache");
    expect(said).toContain("target");
    expect(said).toContain("gpudev:docker: {provider: official}");
  });

  it("leaves images where they are at destroy", async () => {
    expect((await stack.destroy()).failure).toBeUndefined();
    const { code } = await run("docker", ["image", "inspect", `${REPOSITORY}:one`]);
    expect(code).toBe(0);
  });
});
