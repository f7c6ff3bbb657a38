import pc from "picocolors";
import type { Endpoint } from "../../components/endpoints/model";
import type {
  WorkstationPlan,
  PlannedEnvironment,
  PlannedImage,
} from "../../components/plan/model";
import { bytesText } from "./sizes";
import { table } from "./table";

/** GPU devices of an environment for a person: `0,1` or `CPU`. */
function devicesText(environment: PlannedEnvironment): string {
  return environment.profile.gpu?.devices.join(",") ?? "CPU";
}

function imageText(image: PlannedImage): string {
  const what = `torch ${image.torch}, CUDA ${image.cuda}, Python ${image.python}`;
  if (image.existing !== undefined) return `${image.existing} (${what}; used as it is)`;
  const tags = [image.immutableTag, ...image.movingTags].map((tag) => `${image.repository}:${tag}`);
  return `${tags.join(", ")} (${what}; ${image.push ? "built and pushed" : "built here"})`;
}

function portText(environment: PlannedEnvironment, name: "jupyter" | "ssh"): string {
  const port = environment.profile.ports.find((one) => one.name === name)?.published;
  return port === undefined ? "" : `${port.address}:${port.port}`;
}

/** What a plan decides, for a person who reviews it. */
export function planText(plan: WorkstationPlan, endpoints: readonly Endpoint[]): string {
  const price = endpoints.reduce((sum, { pricePerHour }) => sum + pricePerHour, 0);
  const docker = plan.docker.host ?? "this machine's daemon";
  const rows = plan.environments.map((environment) => [
    environment.user,
    String(environment.seat.slot),
    devicesText(environment),
    portText(environment, "jupyter"),
    portText(environment, "ssh"),
    bytesText(environment.profile.memoryBytes),
    environment.profile.cpus === undefined ? "all, shared" : String(environment.profile.cpus),
    bytesText(environment.profile.shmBytes),
    String(environment.profile.pidsLimit),
    environment.network.subnet,
    environment.container,
  ]);
  const lines = [
    `${pc.bold(`Stack ${plan.stack}`)} (team ${plan.team}) on ${docker}`,
    `Image ${imageText(plan.image)}`,
    `Price ${price === 0 ? "0: your own machine" : `${price.toFixed(2)} USD an hour`}`,
    "",
    rows.length === 0
      ? "Nobody has an environment in this stack."
      : table(
          [
            "USER",
            "SLOT",
            "GPU",
            "JUPYTER",
            "SSH",
            "MEMORY",
            "CPUS",
            "SHM",
            "PIDS",
            "NETWORK",
            "CONTAINER",
          ],
          rows,
        ),
  ];
  if (plan.retainedHomes.length > 0) {
    const users = plan.retainedHomes.map(({ user }) => user);
    lines.push(
      "",
      `Kept without an environment: the home of ${users.join(", ")} (\`gpudev forget NAME\` deletes one).`,
    );
  }
  return lines.join("\n");
}
