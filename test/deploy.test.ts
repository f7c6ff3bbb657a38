import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { deploy } from "../components/deploy";
import type { WorkstationPlan } from "../components/plan/model";
import { handPlan, type HandPlan } from "./support/handPlan";
import { registered } from "./support/registered";

const run = (plan: WorkstationPlan, preview = false) =>
  registered(() => pulumi.output({ ...deploy(plan) }), preview);
const hand = (more: Partial<HandPlan> = {}) =>
  handPlan({ stack: "unit", users: ["alice", "bob"], ...more });

/** Everything that two users cost. */
const TWO_USERS = [
  "docker-build:index:Image image-build",
  "docker:index/container:Container workstation-alice-container",
  "docker:index/container:Container workstation-bob-container",
  "docker:index/network:Network workstation-alice-network",
  "docker:index/network:Network workstation-bob-network",
  "docker:index/volume:Volume workstation-alice-home",
  "docker:index/volume:Volume workstation-bob-home",
  "gpudev:index:PyTorchCudaImage image",
  "gpudev:index:Workstation workstation",
];

describe("a deployed plan", () => {
  it.each([true, false])("is these resources for two users (preview: %s)", async (preview) => {
    const { asked } = await run(hand(), preview);
    expect(asked.map(({ type, name }) => `${type} ${name}`).sort()).toEqual(TWO_USERS);
  });

  it("tells how users get in, and no secret", async () => {
    const { value } = await run(hand());
    expect(value).toEqual({
      endpoints: [
        expect.objectContaining({ user: "alice", jupyter: "http://127.0.0.1:30000/lab" }),
        expect.objectContaining({ user: "bob", jupyter: "http://127.0.0.1:30001/lab" }),
      ],
      image: "sha256:built",
      homes: { alice: "gpudev-unit-alice-home", bob: "gpudev-unit-bob-home" },
      stackId: "abc123",
    });
  });

  it("builds nothing where an image is named by digest", async () => {
    const { asked } = await run(hand({ image: "team/torch@sha256:d" }));
    expect(asked.map(({ type }) => type)).not.toContain("docker-build:index:Image");
    const container = asked.find(({ name }) => name === "workstation-bob-container");
    expect(container?.inputs["image"]).toBe("team/torch@sha256:d");
  });

  it("drives the daemon that settings name", async () => {
    const { asked } = await run(hand({ host: "unix:///run/other.sock" }));
    const providers = asked.filter(({ type }) => type.startsWith("pulumi:providers:"));
    expect(Object.fromEntries(providers.map(({ type, inputs }) => [type, inputs["host"]]))).toEqual(
      {
        "pulumi:providers:docker": "unix:///run/other.sock",
        "pulumi:providers:docker-build": "unix:///run/other.sock",
      },
    );
    for (const { type, provider } of asked) {
      if (type.startsWith("docker:")) expect([type, provider]).toEqual([type, "docker"]);
      if (type.startsWith("docker-build:")) {
        expect([type, provider]).toEqual([type, "docker-build"]);
      }
    }
  });

  it("with Pulumi's own provider runs the tag that never moves, without a limit of processes", async () => {
    const plan = hand();
    const { asked } = await run({ ...plan, docker: { ...plan.docker, provider: "official" } });
    const container = asked.find(({ name }) => name === "workstation-alice-container");
    expect(container?.inputs["image"]).toBe("pytorch-cuda:2.6.0-cu124-py3.10-0123456789ab");
    expect(container?.inputs).not.toHaveProperty("pidsLimit");
  });
});
