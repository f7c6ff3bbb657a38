import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { PlannedLifetime } from "../plan/aws/model";
import { endPolicy, endRunbook } from "./endRunbook";
import { partitionOf, trustText } from "./policy";
import { atExpression, endCall, hoursCall, schedulerPolicy, type ScheduledCall } from "./schedules";
import { StopBudget } from "./stopBudget";

/** Arguments of `Lifetime`. */
export interface LifetimeArgs extends Pick<
  PlannedLifetime,
  "until" | "ended" | "hours" | "budget"
> {
  readonly region: string;
  /** Account id. */
  readonly account: pulumi.Input<string>;
  /** The stack's id, by whose tag its hosts and homes are found. */
  readonly stackId: string;
  /** Instances by host that working hours and the budget start and stop; plain in number. Default: none. */
  readonly instances?: Readonly<Record<string, pulumi.Input<string>>>;
  /** Homes lie on volumes, of which the end takes a snapshot. */
  readonly homesOnVolumes: boolean;
  /** ARN of the permissions boundary of the roles. */
  readonly permissionsBoundary?: string;
}

/**
 * When a stack's hosts stop, enforced in the account itself: the runbook that ends them, the end
 * date that starts it, working hours, and a budget that stops. Being idle is the hosts' own affair.
 */
export class Lifetime extends pulumi.ComponentResource {
  /** Name of the SSM Automation runbook that ends the stack's hosts; homes stay. */
  public readonly runbook: pulumi.Output<string>;

  constructor(
    private readonly label: string,
    private readonly args: LifetimeArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("gpudev:index:Lifetime", label, {}, opts);
    const { until, ended, hours, budget, region } = args;
    const instances = Object.entries(args.instances ?? {});
    const runbookRole = this.runbookRole();
    const runbook = this.makeRunbook(runbookRole);
    this.runbook = runbook.name;
    const end = ended ? undefined : until;
    const week = instances.length === 0 ? undefined : hours;
    if (end !== undefined || week !== undefined) {
      const role = this.schedulerRole(runbook, runbookRole, week !== undefined);
      if (end !== undefined) {
        const call = runbook.name.apply((name) => endCall(partitionOf(region), name));
        this.schedule("end", role, { expression: atExpression(end), timezone: "UTC", call });
      }
      if (week !== undefined) {
        for (const [host, id] of instances) this.workingHours(host, id, week, role);
      }
    }
    if (budget !== undefined) {
      const { account, stackId, permissionsBoundary } = args;
      new StopBudget(
        `${label}-budget`,
        {
          ...budget,
          region,
          account,
          stackId,
          instanceIds: instances.map(([, id]) => id),
          ...(permissionsBoundary === undefined ? {} : { permissionsBoundary }),
        },
        { parent: this },
      );
    }
    this.registerOutputs({ runbook: this.runbook });
  }

  private role(what: string, service: string, description: string): aws.iam.Role {
    const { account, permissionsBoundary } = this.args;
    return new aws.iam.Role(
      `${this.label}-${what}`,
      {
        assumeRolePolicy: pulumi.output(account).apply((id) => trustText(service, id)),
        description,
        ...(permissionsBoundary === undefined ? {} : { permissionsBoundary }),
      },
      { parent: this },
    );
  }

  private runbookRole(): { readonly role: aws.iam.Role; readonly policy: aws.iam.RolePolicy } {
    const { region, account, stackId } = this.args;
    const role = this.role("ending", "ssm", "Ends the hosts of a gpudev stack");
    const policy = new aws.iam.RolePolicy(
      `${this.label}-ending`,
      {
        role: role.name,
        policy: pulumi.output(account).apply((id) => endPolicy({ region, account: id }, stackId)),
      },
      { parent: this },
    );
    return { role, policy };
  }

  private makeRunbook({ role, policy }: ReturnType<Lifetime["runbookRole"]>): aws.ssm.Document {
    const { region, account, stackId, homesOnVolumes } = this.args;
    return new aws.ssm.Document(
      `${this.label}-end`,
      {
        documentType: "Automation",
        documentFormat: "JSON",
        content: pulumi
          .all([role.arn, account])
          .apply(([roleArn, id]) =>
            endRunbook({ region, account: id, stackId, roleArn, volumes: homesOnVolumes }),
          ),
      },
      { parent: this, dependsOn: [policy] },
    );
  }

  private schedulerRole(
    runbook: aws.ssm.Document,
    { role: runbookRole }: ReturnType<Lifetime["runbookRole"]>,
    hours: boolean,
  ): aws.iam.Role {
    const { region, account, stackId } = this.args;
    const role = this.role("clock", "scheduler", "Starts what a gpudev stack has scheduled");
    new aws.iam.RolePolicy(
      `${this.label}-clock`,
      {
        role: role.name,
        policy: pulumi
          .all([account, runbook.name, runbookRole.arn])
          .apply(([id, name, runbookRoleArn]) =>
            schedulerPolicy(
              { region, account: id },
              { stackId, runbook: name, runbookRoleArn, hours },
            ),
          ),
      },
      { parent: this },
    );
    return role;
  }

  /** EC2 starts and stops all instances of a call or none: each host has its own, so that one that is gone keeps no other running. */
  private workingHours(
    host: string,
    instanceId: pulumi.Input<string>,
    hours: NonNullable<LifetimeArgs["hours"]>,
    role: aws.iam.Role,
  ): void {
    const partition = partitionOf(this.args.region);
    for (const what of ["start", "stop"] as const) {
      this.schedule(`${host}-${what}`, role, {
        expression: hours[what],
        timezone: hours.timezone,
        call: pulumi.output(instanceId).apply((id) => hoursCall(partition, what, id)),
      });
    }
  }

  private schedule(
    what: string,
    role: aws.iam.Role,
    when: {
      readonly expression: string;
      readonly timezone: string;
      readonly call: pulumi.Output<ScheduledCall>;
    },
  ): void {
    new aws.scheduler.Schedule(
      `${this.label}-${what}`,
      {
        scheduleExpression: when.expression,
        scheduleExpressionTimezone: when.timezone,
        flexibleTimeWindow: { mode: "OFF" },
        target: { arn: when.call.arn, input: when.call.input, roleArn: role.arn },
      },
      { parent: this },
    );
  }
}
