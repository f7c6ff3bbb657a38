import type { Properties, Value } from "../../../cli/providers/values";
import type { World } from "./model";

/** A value that the engine keeps encrypted. */
function secret(value: Value): Properties {
  return {
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    value,
  };
}

/** Registry password that the stand-in lends; tests look for it where it must not be. */
export const REGISTRY_PASSWORD = "registry-password-of-the-stand-in";

const named = (name: Value | undefined) => (typeof name === "string" ? name : "");

/** Answers of the functions that our components ask. */
export const INVOKES: Readonly<Record<string, (args: Properties, world: World) => Properties>> = {
  "aws:index/getCallerIdentity:getCallerIdentity": (_args, { accountId }) => ({
    accountId,
    arn: `arn:aws:iam::${accountId}:user/engineer`,
    id: accountId,
    userId: "AIDAEXAMPLE",
  }),
  "aws:ecr/getAuthorizationToken:getAuthorizationToken": (_args, { region, accountId }) => ({
    id: region,
    // Another one in every run, as with AWS.
    authorizationToken: secret(`${REGISTRY_PASSWORD}-${process.pid}`),
    password: secret(`${REGISTRY_PASSWORD}-${process.pid}`),
    userName: "AWS",
    expiresAt: "2026-11-24T00:00:00Z",
    proxyEndpoint: `https://${accountId}.dkr.ecr.${region}.amazonaws.com`,
    region,
  }),
  "aws:ecr/getRepository:getRepository": ({ name }, { region, accountId }) => ({
    arn: `arn:aws:ecr:${region}:${accountId}:repository/${named(name)}`,
    id: name ?? "",
    name: name ?? "",
    repositoryUrl: `${accountId}.dkr.ecr.${region}.amazonaws.com/${named(name)}`,
  }),
  // What hosts have published. An empty list is no error, as with AWS.
  "aws:ssm/getParametersByPath:getParametersByPath": ({ path }, { account }) => {
    const below = Object.entries(account.read().parameters ?? {}).filter(([name]) =>
      name.startsWith(`${named(path)}/`),
    );
    return {
      id: path ?? "",
      path: path ?? "",
      arns: [],
      names: below.map(([name]) => name),
      types: below.map(() => "String"),
      values: secret(below.map(([, value]) => value)),
    };
  },
  "aws:ssm/getParameter:getParameter": ({ name }) => ({
    id: name ?? "",
    name: name ?? "",
    insecureValue: "ami-0123456789abcdef0",
    type: "String",
    value: secret("ami-0123456789abcdef0"),
  }),
};
