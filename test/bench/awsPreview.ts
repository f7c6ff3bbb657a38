import { deployAws } from "../../components/deployAws";
import { AwsEngine } from "../support/awsEngine";
import type { Ran } from "../support/engine";
import { bareResources } from "./awsBare";
import { goodAwsPlan, peopleOnHosts, PLACES } from "./awsPeople";
import {
  compare,
  inTurn,
  seconds,
  typical,
  type Figure,
  type Measurement,
  type Say,
} from "./figures";

const PEOPLE = 500;
const ROUNDS = 4;

/** Resources of AWS that a preview would make; components are not among them. */
function made({ steps, failure }: Ran): number {
  if (failure !== undefined) throw new Error(failure);
  return steps.filter(({ op, type }) => op === "create" && type.startsWith("aws:")).length;
}

async function measure(say: Say): Promise<readonly Figure[]> {
  const engine = await AwsEngine.open("bench");
  try {
    const preview = (people: number, principals: boolean) =>
      engine.previewOf(async () => ({
        ...(await deployAws(goodAwsPlan(peopleOnHosts(people, principals)))),
      }));
    say("resources of one host with one person and with four");
    const each = async (principals: boolean) =>
      (made(await preview(PLACES, principals)) - made(await preview(1, principals))) / (PLACES - 1);
    const [plain, named] = [await each(false), await each(true)];

    const settings = peopleOnHosts(PEOPLE, true);
    const plan = goodAwsPlan(settings);
    const counts = { gpudev: 0, bare: 0 };
    const own = async () => {
      counts.gpudev = made(
        await engine.previewOf(async () => ({ ...(await deployAws(goodAwsPlan(settings))) })),
      );
    };
    const bare = async (others: number) => {
      counts.bare = made(
        await engine.previewOf(() => {
          bareResources(plan, others);
          return Promise.resolve();
        }),
      );
    };
    say("how many there are");
    await own();
    await bare(0);
    const others = counts.gpudev - counts.bare;
    say(`${ROUNDS} rounds of ${PEOPLE} people, with gpudev and bare, in turn`);
    const rounds = await inTurn(ROUNDS, {
      gpudev: () => seconds(own),
      bare: () => seconds(() => bare(others)),
    });
    if (counts.gpudev !== counts.bare)
      throw new Error(`${counts.gpudev} resources are compared with ${counts.bare}`);
    return [
      {
        name: "resources for each further person on a shared host",
        value: named,
        unit: "",
        atMost: 1,
        note: `with an IAM principal of their own, who gets a policy; without one ${plain}`,
      },
      {
        name: `preview of ${PEOPLE} people on shared hosts, bare resources`,
        value: typical(rounds, "bare"),
        unit: "s",
      },
      {
        name: `preview of ${PEOPLE} people on shared hosts`,
        value: typical(rounds, "gpudev"),
        unit: "s",
        ratio: compare(rounds, "gpudev", "bare"),
        atMost: 1.25,
        note: `${counts.gpudev} resources of AWS each on ${plan.hosts.length} hosts, through the same stand-in for AWS's provider; plan and components included`,
      },
    ];
  } finally {
    engine.remove();
  }
}

/** What gpudev adds to a preview of a large stack on AWS, and how many resources a person takes. */
export const awsPreview: Measurement = {
  name: "aws-preview",
  title: `Preview of ${PEOPLE} people on shared EC2 hosts against as many bare resources`,
  measure,
};
