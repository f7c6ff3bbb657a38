import { arn, policyText, type Place } from "./policy";
import { STACK_TAG } from "./endRunbook";

/** What EventBridge Scheduler does when the time has come. */
export interface ScheduledCall {
  /** Universal target: an operation of an AWS service. */
  readonly arn: string;
  /** Input of the operation. */
  readonly input: string;
}

/**
 * A one-time expression in UTC: `at(2026-12-24T17:00:00)`.
 * @throws RangeError where the text is no point in time
 */
export function atExpression(instant: string): string {
  return `at(${new Date(instant).toISOString().slice(0, 19)})`;
}

/** Starts the runbook that ends the stack. */
export function endCall(partition: string, runbook: string): ScheduledCall {
  return {
    arn: `arn:${partition}:scheduler:::aws-sdk:ssm:startAutomationExecution`,
    input: JSON.stringify({ DocumentName: runbook }),
  };
}

/** Starts or stops one instance. */
export function hoursCall(
  partition: string,
  what: "start" | "stop",
  instanceId: string,
): ScheduledCall {
  return {
    arn: `arn:${partition}:scheduler:::aws-sdk:ec2:${what}Instances`,
    input: JSON.stringify({ InstanceIds: [instanceId] }),
  };
}

/** What the scheduler may do: start this runbook as its role, start and stop this stack's instances. */
export function schedulerPolicy(
  place: Place,
  grants: {
    readonly stackId: string;
    readonly runbook: string;
    readonly runbookRoleArn: string;
    readonly hours: boolean;
  },
): string {
  return policyText([
    {
      Sid: "StartEnd",
      Effect: "Allow",
      Action: ["ssm:StartAutomationExecution"],
      Resource: [
        arn(place, "ssm", `automation-definition/${grants.runbook}:*`),
        arn(place, "ssm", `document/${grants.runbook}`),
        arn(place, "ssm", "automation-execution/*"),
      ],
    },
    {
      Sid: "AsItsRole",
      Effect: "Allow",
      Action: ["iam:PassRole"],
      Resource: [grants.runbookRoleArn],
      Condition: { StringEquals: { "iam:PassedToService": "ssm.amazonaws.com" } },
    },
    ...(grants.hours
      ? [
          {
            Sid: "WorkingHours",
            Effect: "Allow" as const,
            Action: ["ec2:StartInstances", "ec2:StopInstances"],
            Resource: [arn(place, "ec2", "instance/*")],
            Condition: { StringEquals: { [`aws:ResourceTag/${STACK_TAG}`]: grants.stackId } },
          },
        ]
      : []),
  ]);
}

/** What a budget may do: stop this stack's instances, by AWS's own runbook. */
export function budgetPolicy(place: Place, stackId: string): string {
  return policyText([
    {
      Sid: "Look",
      Effect: "Allow",
      Action: ["ec2:DescribeInstanceStatus", "ec2:DescribeInstances"],
      Resource: ["*"],
    },
    {
      Sid: "Stop",
      Effect: "Allow",
      Action: ["ec2:StopInstances"],
      Resource: [arn(place, "ec2", "instance/*")],
      Condition: { StringEquals: { [`aws:ResourceTag/${STACK_TAG}`]: stackId } },
    },
    {
      Sid: "StartStopping",
      Effect: "Allow",
      Action: ["ssm:StartAutomationExecution"],
      Resource: [
        arn({ ...place, account: "*" }, "ssm", "automation-definition/AWS-StopEC2Instance:*"),
        arn({ ...place, account: "" }, "ssm", "document/AWS-StopEC2Instance"),
        arn(place, "ssm", "automation-execution/*"),
      ],
    },
  ]);
}
