import type { Lookups } from "../../components/lookups/model";
import { makePlan } from "../../components/plan";
import type { WorkstationPlan } from "../../components/plan/model";
import type { Settings } from "../../components/settings";
import { compare, inTurn, typical, type Figure, type Measurement, type Say } from "./figures";
import { emptyMachine, goodPlan, publicKeys, runningMachine, settingsFor } from "./manyUsers";

const ROUNDS = 41;
const BUSY = "processor time, so that it does not matter what else the machine does";
const LINEAR =
  "one plan of 1,000 users against ten plans of 100 over data of their own: 1 is linear, 10 would be quadratic";

type World = readonly (readonly [Settings, Lookups])[];

/** Keeps what was planned, as whoever plans does. */
const kept: WorkstationPlan[][] = [];

/** Seconds of processor time, which on a busy machine are fewer than pass: a plan waits for nothing. */
function planAll(world: World): Promise<number> {
  const start = process.cpuUsage();
  kept[0] = world.map(([settings, lookups]) => makePlan(settings, lookups));
  const { user, system } = process.cpuUsage(start);
  return Promise.resolve((user + system) / 1e6);
}

async function measure(say: Say): Promise<readonly Figure[]> {
  const stacks = {
    few: Array.from({ length: 10 }, () => settingsFor(publicKeys(100))),
    many: [settingsFor(publicKeys(1000))],
  };
  const fresh = (all: readonly Settings[]): World => all.map((one) => [one, emptyMachine()]);
  const running = (all: readonly Settings[]): World =>
    all.map((one) => [one, runningMachine(goodPlan(one, emptyMachine()))]);
  const first = await planAll(fresh(stacks.many));
  const worlds = {
    few: fresh(stacks.few),
    many: fresh(stacks.many),
    fewRun: running(stacks.few),
    manyRun: running(stacks.many),
  };
  say(`${ROUNDS} rounds`);
  const rounds = await inTurn(ROUNDS, {
    few: () => planAll(worlds.few),
    many: () => planAll(worlds.many),
    fewRun: () => planAll(worlds.fewRun),
    manyRun: () => planAll(worlds.manyRun),
  });
  const ms = (name: string, value: number, atMost?: number): Figure => ({
    name,
    value: value * 1000,
    unit: "ms",
    ...(atMost === undefined ? {} : { atMost }),
  });
  return [
    { ...ms("plan 100 users", typical(rounds, "few") / 10), note: BUSY },
    ms("plan 1,000 users", typical(rounds, "many"), 100),
    ms("plan 1,000 users, first in its process", first, 100),
    {
      ...ms("plan 1,000 users / 10 × 100", typical(rounds, "many"), 1.25),
      ratio: compare(rounds, "many", "few"),
      note: LINEAR,
    },
    {
      ...ms("the same, all running already", typical(rounds, "manyRun"), 1.25),
      ratio: compare(rounds, "manyRun", "fewRun"),
    },
  ];
}

/** How long a decision takes, and how it grows with the number of users. */
export const planning: Measurement = {
  name: "planning",
  title: "Planning 100 and 1,000 users",
  measure,
};
