import type { AwsPlan } from "../../components/plan/aws/model";
import type { AwsStack } from "../../components/plan/aws/stack";
import { goodAwsPlan, peopleOnHosts, planOf } from "./awsPeople";
import { compare, inTurn, typical, type Figure, type Measurement, type Say } from "./figures";

const PEOPLE = 10_000;
const PARTS = 10;
const ROUNDS = 9;

/** Keeps what was planned, as whoever plans does. */
const kept: AwsPlan[][] = [];

/** Seconds of processor time: a plan waits for nothing. */
function planAll(stacks: readonly AwsStack[]): Promise<number> {
  const start = process.cpuUsage();
  kept[0] = stacks.map(planOf);
  const { user, system } = process.cpuUsage(start);
  return Promise.resolve((user + system) / 1e6);
}

async function measure(say: Say): Promise<readonly Figure[]> {
  const many = [peopleOnHosts(PEOPLE)];
  const first = await planAll(many);
  const few = Array.from({ length: PARTS }, () => peopleOnHosts(PEOPLE / PARTS));
  const hosts = many.map(goodAwsPlan)[0]?.hosts.length ?? 0;
  say(`${ROUNDS} rounds`);
  const rounds = await inTurn(ROUNDS, { few: () => planAll(few), many: () => planAll(many) });
  return [
    {
      name: "plan 10,000 people over EC2 hosts, first in its process",
      value: first,
      unit: "s",
      atMost: 1,
      note: `on ${hosts} hosts of four GPUs, none of them seated before; processor time`,
    },
    {
      name: "plan 10,000 people over EC2 hosts",
      value: typical(rounds, "many"),
      unit: "s",
      atMost: 1,
    },
    {
      name: "plan 10,000 people / 10 × 1,000",
      value: typical(rounds, "many"),
      unit: "s",
      ratio: compare(rounds, "many", "few"),
      atMost: 1.25,
      note: "one plan against ten over data of their own: 1 is linear, 10 would be quadratic",
    },
  ];
}

/** How long the decision over a large stack on AWS takes, and how it grows. */
export const awsPlanning: Measurement = {
  name: "aws-planning",
  title: "Planning 10,000 people over EC2 hosts",
  measure,
};
