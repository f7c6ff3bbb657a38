import { makeAwsPlan } from "../../components/plan/aws/makeAwsPlan";
import type { AwsPlan } from "../../components/plan/aws/model";
import type { AwsStack } from "../../components/plan/aws/stack";
import { account, awsErrors, awsSettings } from "../plan/aws/world";
import { publicKeys, usersOf } from "./manyUsers";

/** An image that nothing has to build. */
export const IMAGE = `111122223333.dkr.ecr.eu-west-1.amazonaws.com/gpudev@sha256:${"0".repeat(64)}`;

/** Places of a host: g6.12xlarge has four GPUs. */
export const PLACES = 4;

/** Settings of so many people who share hosts of four GPUs, each with a key of their own. */
export function peopleOnHosts(count: number, principals = false): AwsStack {
  const users = usersOf(publicKeys(count)).map((user) => ({
    ...user,
    ...(principals ? { principal: `arn:aws:iam::111122223333:user/${user.name}` } : {}),
  }));
  return awsSettings(
    users,
    {
      hosts: { ladder: [{ type: "g6.12xlarge" }], ami: { id: "ami-0123456789abcdef0" } },
      homes: { zone: "eu-west-1a" },
    },
    { image: { existing: IMAGE } },
  );
}

/** Their plan, in an account that has room for all of them. */
export function planOf(settings: AwsStack): AwsPlan {
  return makeAwsPlan(settings, account({ quotas: {} }));
}

/** A plan that may be carried out. */
export function goodAwsPlan(settings: AwsStack): AwsPlan {
  const plan = planOf(settings);
  const errors = awsErrors(plan);
  if (errors.length > 0) throw new Error(errors.join(", "));
  return plan;
}
