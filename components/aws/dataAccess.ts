import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { dataPolicy, dataTrust, type DataGrant } from "./dataPolicy";

/** Arguments of `DataAccess`. */
export interface DataAccessArgs {
  readonly region: string;
  /** Account id. */
  readonly account: pulumi.Input<string>;
  /** The stack's id, by which its hosts are known. */
  readonly stackId: string;
  /** Data sets that credentials are lent for; at least one. */
  readonly data: readonly DataGrant[];
  /** ARN of the permissions boundary of the role. */
  readonly permissionsBoundary?: string;
}

/**
 * The role whose short-lived S3 credentials hosts lend to users, since containers reach no metadata
 * and so no role. One for a whole stack: which user it is stands in each session's tag.
 */
export class DataAccess extends pulumi.ComponentResource {
  /** ARN of the role. */
  public readonly roleArn: pulumi.Output<string>;

  constructor(label: string, args: DataAccessArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gpudev:index:DataAccess", label, {}, opts);
    const { region, account, stackId, data, permissionsBoundary } = args;
    const role = new aws.iam.Role(
      `${label}-role`,
      {
        assumeRolePolicy: pulumi
          .output(account)
          .apply((id) => dataTrust({ region, account: id }, stackId)),
        description: "S3 credentials that gpudev's hosts lend to their users",
        // A role that is taken by a role lends for an hour at most, whatever stands here.
        maxSessionDuration: 3600,
        ...(permissionsBoundary === undefined ? {} : { permissionsBoundary }),
      },
      { parent: this },
    );
    new aws.iam.RolePolicy(
      `${label}-policy`,
      { role: role.name, policy: dataPolicy(region, data) },
      { parent: this },
    );
    this.roleArn = role.arn;
    this.registerOutputs({ roleArn: this.roleArn });
  }
}
