import * as docker from "@pulumi/docker";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import { deploy } from "../../components/deploy";
import { containerArgs, labelArgs } from "../../components/workstation/containerArgs";
import { EngineStack, type Ran } from "../support/engine";
import {
  compare,
  inTurn,
  seconds,
  typical,
  type Figure,
  type Measurement,
  type Say,
} from "./figures";
import { emptyMachine, goodPlan, publicKeys, settingsFor } from "./manyUsers";

const USERS = 200;
const ROUNDS = 6;

function stackOf(keys: readonly string[]) {
  return (): Promise<ReturnType<typeof deploy>> =>
    Promise.resolve(deploy(goodPlan(settingsFor(keys), emptyMachine())));
}

/** What somebody would write without gpudev: the same volumes, networks and containers, with the same inputs. */
function bareResources(keys: readonly string[]) {
  const { environments, image } = goodPlan(settingsFor(keys), emptyMachine());
  return () => {
    for (const environment of environments) {
      const { user, network } = environment;
      const labels = labelArgs(environment.labels);
      new docker.Volume(`${user}-home`, { name: environment.homeVolume, labels });
      const bridge = new docker.Network(`${user}-network`, {
        name: network.name,
        driver: "bridge",
        ipamConfigs: [{ subnet: network.subnet, gateway: network.gateway }],
        labels,
      });
      const { args, more } = containerArgs(environment);
      new docker.Container(
        `${user}-container`,
        { ...args, image: image.existing ?? "", networksAdvanced: [{ name: bridge.name }] },
        {
          transformations: [({ props, opts }) => ({ props: { ...props, ...more }, opts })],
        },
      );
    }
    // As many resources as the other program has: it has one component.
    new docker.Volume("one-more", { name: "gpudev-bench-one-more" });
    return Promise.resolve();
  };
}

function count({ changes, failure }: Ran): number {
  if (failure !== undefined) throw new Error(failure);
  return Object.values(changes).reduce((sum, one) => sum + one, 0);
}

async function measure(say: Say): Promise<readonly Figure[]> {
  const keys = publicKeys(USERS);
  const stack = await EngineStack.open("bench");
  try {
    const perUser =
      (count(await stack.preview(stackOf(keys.slice(0, 20)))) -
        count(await stack.preview(stackOf(keys.slice(0, 10))))) /
      10;
    const counts = { gpudev: 0, bare: 0 };
    const preview = (what: keyof typeof counts, program: () => PulumiFn) => () =>
      seconds(async () => {
        counts[what] = count(await stack.preview(program()));
      });
    say(`${ROUNDS} rounds of ${USERS} users, with gpudev and bare, in turn`);
    const rounds = await inTurn(ROUNDS, {
      gpudev: preview("gpudev", () => stackOf(keys)),
      bare: preview("bare", () => bareResources(keys)),
    });
    if (counts.gpudev !== counts.bare)
      throw new Error(`${counts.gpudev} resources are compared with ${counts.bare}`);
    return [
      { name: "resources for each user", value: perUser, unit: "", atMost: 3 },
      {
        name: `preview of ${USERS} users, bare resources`,
        value: typical(rounds, "bare"),
        unit: "s",
      },
      {
        name: `preview of ${USERS} users`,
        value: typical(rounds, "gpudev"),
        unit: "s",
        ratio: compare(rounds, "gpudev", "bare"),
        atMost: 1.25,
        note: `${counts.gpudev} resources each, settings and plan included, through the same provider`,
      },
    ];
  } finally {
    stack.remove();
  }
}

/** What gpudev adds to a preview by the real engine, and how many resources a user takes. */
export const preview: Measurement = {
  name: "preview",
  title: `Preview of ${USERS} users against as many bare resources`,
  measure,
};
