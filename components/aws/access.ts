import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { PlannedAccess, PlannedSessionDocument } from "../plan/aws/model";
import { sessionDocument } from "./sessionDocuments";
import { ANYBODY, holdsPolicies, principalOf, tunnelPolicy } from "./tunnelPolicy";

/** A user and where the environment is. */
export interface AccessUser {
  readonly user: string;
  readonly slot: number;
  /** Index of the host. */
  readonly host: number;
  /** Parameters that the host publishes for the user: `/gpudev/<id>/host-0/alice`. */
  readonly parameters: string;
}

/** Arguments of `Access`. */
export interface AccessArgs extends Pick<PlannedAccess, "documents" | "principals"> {
  readonly region: string;
  /** Account id. */
  readonly account: pulumi.Input<string>;
  /** The stack's id, by whose tag its hosts are known. */
  readonly stackId: string;
  readonly users: readonly AccessUser[];
}

/**
 * The ways in without an open port: a Session document for each port in use, shared by all hosts,
 * and for each user the IAM policy that permits exactly the own tunnel. Where a user's principal
 * can hold a policy it gets one; the others' are outputs to be put where they belong.
 */
export class Access extends pulumi.ComponentResource {
  /** IAM policies by user, as JSON. */
  public readonly policies: pulumi.Output<Record<string, string>>;

  constructor(
    private readonly label: string,
    args: AccessArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("gpudev:index:Access", label, {}, opts);
    for (const planned of args.documents) this.document(planned);
    const policies = args.users.map((user) => {
      const policy = pulumi.output(args.account).apply((account) => policyOf(args, user, account));
      this.attach(user.user, args.principals[user.user], policy);
      return [user.user, policy] as const;
    });
    this.policies = pulumi.all(Object.fromEntries(policies));
    this.registerOutputs({ policies: this.policies });
  }

  private document(planned: PlannedSessionDocument): void {
    new aws.ssm.Document(
      `${this.label}-${planned.service}-${planned.slot}`,
      {
        name: planned.name,
        documentType: "Session",
        documentFormat: "JSON",
        content: sessionDocument(planned),
      },
      // Documents of this schema version cannot be changed, and people's commands name them.
      { parent: this, replaceOnChanges: ["content"], deleteBeforeReplace: true },
    );
  }

  private attach(user: string, principalArn: string | undefined, policy: pulumi.Input<string>) {
    const principal = principalArn === undefined ? undefined : principalOf(principalArn);
    if (principal === undefined || !holdsPolicies(principal)) return;
    const name = `${this.label}-${user}`;
    const opts = { parent: this };
    if (principal.kind === "user") {
      new aws.iam.UserPolicy(name, { user: principal.name, policy }, opts);
    } else {
      new aws.iam.RolePolicy(name, { role: principal.name, policy }, opts);
    }
  }
}

function policyOf(args: AccessArgs, user: AccessUser, account: string): string {
  const named = args.principals[user.user];
  return tunnelPolicy({
    region: args.region,
    account,
    stackId: args.stackId,
    host: user.host,
    documents: args.documents.filter(({ slot }) => slot === user.slot).map(({ name }) => name),
    parameters: user.parameters,
    principal: (named === undefined ? undefined : principalOf(named)) ?? ANYBODY,
  });
}
