import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { STACK_TAG } from "./endRunbook";
import { trustText } from "./policy";
import { budgetPolicy } from "./schedules";

/** Arguments of `StopBudget`. */
export interface StopBudgetArgs {
  readonly region: string;
  /** Account id. */
  readonly account: pulumi.Input<string>;
  /** The stack's id, by whose tag its costs are counted. */
  readonly stackId: string;
  /** USD a month. */
  readonly monthlyUsd: number;
  /** E-mail addresses that are told at 80 % and at 100 %. */
  readonly notify: readonly string[];
  /** Instances that are stopped at 100 %. */
  readonly instanceIds: readonly pulumi.Input<string>[];
  /** ARN of the permissions boundary of the role. */
  readonly permissionsBoundary?: string;
}

/** An action stops at most this many instances (AWS Budgets, SsmActionDefinition). */
const INSTANCES_PER_ACTION = 100;

const WARN_PERCENT = 80;

/** Lists of at most `size`, in order. */
export function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

/**
 * A monthly budget that tells at 80 % and stops at 100 %. It counts by the tag
 * `gpudev:stack-id`, which has to be active as a cost allocation tag, and AWS counts with a lag
 * of up to a day: a brake, not a switch.
 */
export class StopBudget extends pulumi.ComponentResource {
  public readonly name: pulumi.Output<string>;

  constructor(
    private readonly label: string,
    private readonly args: StopBudgetArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("gpudev:index:StopBudget", label, {}, opts);
    const budget = this.budget();
    this.name = budget.name;
    const parts = chunks(args.instanceIds, INSTANCES_PER_ACTION);
    if (parts.length > 0) this.actions(budget, parts);
    this.registerOutputs({ name: this.name });
  }

  private budget(): aws.budgets.Budget {
    const { monthlyUsd, notify, stackId } = this.args;
    return new aws.budgets.Budget(
      `${this.label}-monthly`,
      {
        budgetType: "COST",
        timeUnit: "MONTHLY",
        limitAmount: String(monthlyUsd),
        limitUnit: "USD",
        costFilters: [{ name: "TagKeyValue", values: [`user:${STACK_TAG}$${stackId}`] }],
        notifications: [WARN_PERCENT, 100].map((threshold) => ({
          notificationType: "ACTUAL",
          comparisonOperator: "GREATER_THAN",
          threshold,
          thresholdType: "PERCENTAGE",
          subscriberEmailAddresses: [...notify],
        })),
      },
      { parent: this },
    );
  }

  private actions(budget: aws.budgets.Budget, parts: pulumi.Input<string>[][]): void {
    const { region, account, stackId, notify, permissionsBoundary } = this.args;
    const role = new aws.iam.Role(
      `${this.label}-stopping`,
      {
        assumeRolePolicy: pulumi.output(account).apply((id) => trustText("budgets", id)),
        description: "Stops the hosts of a gpudev stack whose budget is spent",
        ...(permissionsBoundary === undefined ? {} : { permissionsBoundary }),
      },
      { parent: this },
    );
    const policy = new aws.iam.RolePolicy(
      `${this.label}-stopping`,
      {
        role: role.name,
        policy: pulumi
          .output(account)
          .apply((id) => budgetPolicy({ region, account: id }, stackId)),
      },
      { parent: this },
    );
    parts.forEach((instanceIds, index) => {
      new aws.budgets.BudgetAction(
        `${this.label}-stop-${index}`,
        {
          budgetName: budget.name,
          actionType: "RUN_SSM_DOCUMENTS",
          approvalModel: "AUTOMATIC",
          notificationType: "ACTUAL",
          actionThreshold: { actionThresholdType: "PERCENTAGE", actionThresholdValue: 100 },
          executionRoleArn: role.arn,
          definition: {
            ssmActionDefinition: { actionSubType: "STOP_EC2_INSTANCES", instanceIds, region },
          },
          subscribers: notify.map((address) => ({ address, subscriptionType: "EMAIL" })),
        },
        { parent: this, dependsOn: [policy] },
      );
    });
  }
}
