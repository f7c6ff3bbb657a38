import type * as pulumi from "@pulumi/pulumi";
import type { Properties } from "../../cli/providers/values";
import { Account } from "./awsStandIn/account";
import { INVOKES } from "./awsStandIn/invokes";
import type { World } from "./awsStandIn/model";
import { TABLE } from "./awsStandIn/table";
import { registered, type Asked, type Providers } from "./registered";

const REGION = "eu-west-1";
const ACCOUNT_ID = "111122223333";

const WORLD: World = { account: new Account(""), region: REGION, accountId: ACCOUNT_ID };

/** What AWS would say, without an engine. */
const AWS: Providers = {
  computed: (type, inputs, id) => {
    const row = TABLE[type];
    const named = row?.named === undefined ? {} : { [row.named]: inputs[row.named] ?? id };
    const all = { ...inputs, ...named } as Properties;
    return { ...named, ...row?.computed?.(all, id, WORLD) };
  },
  call: (token, inputs) => {
    const answer = INVOKES[token];
    if (answer === undefined) throw new Error(`nobody answers ${token}`);
    return answer(inputs as Properties, WORLD);
  },
};

/** What a program asks AWS for. */
export async function awsRegistered<T>(
  program: () => pulumi.Output<T>,
  preview = false,
): Promise<{ readonly asked: readonly Asked[]; readonly value: T | undefined }> {
  return registered(program, preview, AWS);
}

/** The resources of a type, by name: `ec2/instance:Instance`. The order of asking is no promise. */
export function ofType(asked: readonly Asked[], type: string): readonly Asked[] {
  return asked
    .filter((one) => one.type === `aws:${type}`)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** The one resource of a type. */
export function only(asked: readonly Asked[], type: string): Asked {
  const [one, ...more] = ofType(asked, type);
  if (one === undefined || more.length > 0) {
    throw new Error(`${more.length + (one === undefined ? 0 : 1)} resources of type ${type}`);
  }
  return one;
}

/** `type name` of each AWS resource, sorted. */
export function namesOf(asked: readonly Asked[]): string[] {
  return asked
    .filter(({ type }) => type.startsWith("aws:"))
    .map(({ type, name }) => `${type.split(":").at(-1) ?? type} ${name}`)
    .toSorted();
}
