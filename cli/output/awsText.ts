import pc from "picocolors";
import type { AwsPlan, CostLine, PlannedCost } from "../../components/plan/aws/model";
import type { QuotaUse } from "../../components/plan/aws/quota";
import { table } from "./table";

/** USD for a person: `4.60 USD`, `0.0050 USD`. */
export function usdText(usd: number): string {
  return `${usd.toFixed(usd !== 0 && Math.abs(usd) < 0.1 ? 4 : 2)} USD`;
}

/** Who sits where, with each user's part of the price. */
export function seatsTable(plan: AwsPlan): string {
  const hosts = new Map(plan.hosts.map((host) => [host.index, host]));
  return table(
    ["USER", "HOST", "SLOT", "TYPE", "MARKET", "ZONE", "GPU", "USD/HOUR"],
    plan.environments.map(({ user, seat, host, profile, pricePerHour }) => {
      const on = hosts.get(host);
      return [
        user,
        on?.name ?? "",
        String(seat.slot),
        on?.type.type ?? "",
        on?.market ?? "",
        on?.zone ?? "",
        profile.gpu?.devices.join(",") ?? "CPU",
        pricePerHour.toFixed(3),
      ];
    }),
  );
}

/** How much of something: `200 GiB`, `1 instance`, `2 addresses`. */
export function quantityText({ quantity, unit }: Pick<CostLine, "quantity" | "unit">): string {
  if (quantity === 1 || unit === "GiB") return `${quantity} ${unit}`;
  return `${quantity} ${unit}${unit.endsWith("s") ? "es" : "s"}`;
}

function lineText(line: CostLine): string[] {
  const { item, perHour, when, note } = line;
  const price = perHour === undefined ? "?" : perHour.toFixed(4);
  const about = [when === "running" ? "while hosts run" : "", note ?? ""].filter(
    (one) => one !== "",
  );
  return [item, quantityText(line), price, about.join("; ")];
}

/** What a stack costs, line by line and in sum. */
function costText(cost: PlannedCost): string {
  const source = cost.source === "live" ? "live prices" : "the table of us-east-1";
  const sums = [
    `${usdText(cost.perHour)} an hour while all hosts run, ${usdText(cost.perHourStopped)} while they are stopped`,
    `${usdText(cost.perDay)} a day (${cost.assumption})`,
    ...(cost.untilEnd === undefined ? [] : [`${usdText(cost.untilEnd)} until the end`]),
  ];
  return [
    `Prices of ${cost.pricesAsOf}, ${source}`,
    ...(cost.lines.length === 0
      ? []
      : [table(["COST", "QUANTITY", "USD/HOUR", "NOTE"], cost.lines.map(lineText))]),
    ...sums,
  ].join("\n");
}

/** The quota that hosts count against, beside what they need. */
function quotaText({ code, name, market, needed, used, limit }: QuotaUse): string {
  return table(
    ["QUOTA", "CODE", "MARKET", "NEEDED", "USED BY OTHERS", "LIMIT"],
    [[name, code, market, `${needed} vCPUs`, String(used), limit?.toString() ?? "not asked"]],
  );
}

/** What a plan for EC2 decides, for a person who reviews it. */
export function awsPlanText(plan: AwsPlan, quota?: QuotaUse): string {
  const { image, lifetime, homes } = plan;
  const where = plan.account === undefined ? "" : `, account ${plan.account}`;
  const seated = new Set(plan.environments.map(({ user }) => user));
  const left = Object.keys(plan.seats).filter((user) => !seated.has(user));
  const lines = [
    `${pc.bold(`Stack ${plan.stack}`)} (team ${plan.team}) on AWS, ${plan.region}${where}`,
    `Image ${image.existing ?? `${image.repository}:${image.immutableTag}`} (torch ${image.torch}, CUDA ${image.cuda}, Python ${image.python})`,
    `AMI ${plan.ami.id ?? "not known yet"} (driver ${plan.ami.driver})`,
    `Homes of ${homes.quotaGiB} GiB on ${homes.kind === "efs" ? "EFS" : `EBS: ${homes.volumes.map(({ name, zone, sizeGiB }) => `${name} ${sizeGiB} GiB in ${zone}`).join(", ") || "none yet"}`}`,
    `Ends ${lifetime.until ?? "never (gpudev up records an end)"}; environments stop after ${Math.round(lifetime.idleStop / 60)} minutes without activity`,
    "",
    endedText(plan) ??
      (plan.environments.length === 0
        ? "Nobody has an environment in this stack."
        : seatsTable(plan)),
    ...(quota === undefined ? [] : ["", quotaText(quota)]),
    "",
    costText(plan.cost),
  ];
  if (left.length > 0 && !lifetime.ended)
    lines.push(
      "",
      `Kept without an environment: the home of ${left.join(", ")} (\`gpudev forget NAME\` deletes one).`,
    );
  return lines.join("\n");
}

/** What is to be said of a stack past its end; undefined before it. */
export function endedText({ lifetime }: AwsPlan): string | undefined {
  if (!lifetime.ended) return undefined;
  return `The stack's end, ${lifetime.until ?? ""}, is past: it has no hosts any more, and the homes stay. Write a later gpudev:lifetime.until to go on.`;
}
