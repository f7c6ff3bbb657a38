import { STACK_TAG } from "./endRunbook";
import { arn, policyText, type Place, type Statement } from "./policy";

/** A user's tunnel: what its policy speaks of. */
export interface Tunnel extends Place {
  readonly stackId: string;
  /** Index of the host. */
  readonly host: number;
  /** Session documents of the user's slot. */
  readonly documents: readonly string[];
  /** Parameters that the host publishes for the user: `/gpudev/<id>/host-0/alice`. */
  readonly parameters: string;
  readonly principal: Principal;
}

/** An IAM principal: a user, a role, or a session of a role, such as Identity Center makes. */
export interface Principal {
  readonly kind: "user" | "role" | "session";
  /** Name of the user or role, without its path. */
  readonly name: string;
  /** Name of the session: with Identity Center the person's user name. */
  readonly session?: string;
}

/** Nobody in particular: the policy is for whomever it is given to. */
export const ANYBODY: Principal = { kind: "role", name: "" };

/**
 * Reads the ARN of a principal of IAM or STS; undefined for any other, such as a user of Identity
 * Center, whom policies reach by a permission set alone.
 */
export function principalOf(principalArn: string): Principal | undefined {
  const [, , service, , , ...rest] = principalArn.split(":");
  const [kind, ...path] = rest.join(":").split("/");
  const name = path.at(-1);
  if (name === undefined || name === "") return undefined;
  if (service === "iam" && (kind === "user" || kind === "role")) return { kind, name };
  if (service === "sts" && kind === "assumed-role" && path.length >= 2) {
    return { kind: "session", name: path[0] ?? "", session: path.slice(1).join("/") };
  }
  return undefined;
}

/** Roles of Identity Center are its own: a policy reaches them by a permission set alone. */
export function holdsPolicies({ kind, name }: Principal): boolean {
  return kind !== "session" && !name.startsWith("AWSReservedSSO_");
}

/**
 * The policy by which one user opens the own tunnel and nothing else: sessions on the host with
 * Session documents of ours, whose ports are fixed; the own sessions' end; the own token. AWS's
 * documents for shells and free port forwarding are not granted, and the access check makes sure
 * that leaving the document out does not mean a shell.
 */
export function tunnelPolicy(tunnel: Tunnel): string {
  const { principal } = tunnel;
  const self = principal.kind === "user" ? "${aws:username}" : "${aws:userid}";
  const session = [arn(tunnel, "ssm", `session/${self}-*`)];
  const only: Statement["Condition"] =
    principal.session === undefined
      ? {}
      : { StringLike: { "aws:userid": `*:${principal.session}` } };
  const checked = { "ssm:SessionDocumentAccessCheck": "true" };
  return policyText([
    {
      Sid: "OwnHost",
      Effect: "Allow",
      Action: ["ssm:StartSession"],
      Resource: [arn(tunnel, "ec2", "instance/*")],
      Condition: {
        ...only,
        StringEquals: {
          [`ssm:resourceTag/${STACK_TAG}`]: tunnel.stackId,
          "ssm:resourceTag/gpudev:host": String(tunnel.host),
        },
        BoolIfExists: checked,
      },
    },
    {
      Sid: "OwnPorts",
      Effect: "Allow",
      Action: ["ssm:StartSession"],
      Resource: tunnel.documents.map((name) => arn(tunnel, "ssm", `document/${name}`)),
      Condition: { ...only, BoolIfExists: checked },
    },
    {
      Sid: "OwnSessions",
      Effect: "Allow",
      Action: ["ssm:ResumeSession", "ssm:TerminateSession", "ssmmessages:OpenDataChannel"],
      Resource: session,
      ...(principal.session === undefined ? {} : { Condition: only }),
    },
    ...(principal.kind === "user" ? [] : [ownTagged(tunnel)]),
    {
      Sid: "OwnToken",
      Effect: "Allow",
      Action: ["ssm:GetParameter"],
      Resource: [arn(tunnel, "ssm", `parameter${tunnel.parameters}/*`)],
      ...(principal.session === undefined ? {} : { Condition: only }),
    },
  ]);
}

/**
 * The own sessions of whoever has taken a role: their ids begin with the name of the role's session,
 * which no variable of IAM holds. Systems Manager tags each with who began it, role id and session
 * name in one, as `aws:userid` has it (Systems Manager user guide, "Allow a user to end only
 * sessions they started", method 2).
 */
function ownTagged(tunnel: Tunnel): Statement {
  const { session } = tunnel.principal;
  const person = session === undefined ? {} : { "aws:userid": `*:${session}` };
  return {
    Sid: "OwnTaggedSessions",
    Effect: "Allow",
    Action: ["ssm:ResumeSession", "ssm:TerminateSession"],
    Resource: [arn(tunnel, "ssm", "session/*")],
    Condition: {
      StringLike: { ...person, "ssm:resourceTag/aws:ssmmessages:session-id": "${aws:userid}" },
    },
  };
}
