import type { ContainerInputs } from "./containerInputs";
import { labelArgs } from "./ownership";

/** Arguments of `docker create` for a container's inputs. */
export function createArgs(inputs: ContainerInputs): readonly string[] {
  return [
    "create",
    ...["--name", inputs.name],
    ...(inputs.hostname === undefined ? [] : ["--hostname", inputs.hostname]),
    ...["--user", inputs.user],
    ...["--restart", inputs.restart],
    ...(inputs.readOnly ? ["--read-only"] : []),
    ...inputs.capabilities.drops.flatMap((name) => ["--cap-drop", name]),
    ...inputs.securityOpts.flatMap((option) => ["--security-opt", option]),
    ...Object.entries(inputs.tmpfs).flatMap(([target, options]) => [
      "--tmpfs",
      options === "" ? target : `${target}:${options}`,
    ]),
    ...inputs.mounts.flatMap((mount) => ["--mount", mountOption(mount)]),
    ...inputs.ports.flatMap(({ ip, external, internal }) => [
      "--publish",
      `${ip}:${external}:${internal}`,
    ]),
    ...inputs.networksAdvanced.flatMap(({ name }) => ["--network", name]),
    ...limitArgs(inputs),
    ...(inputs.cpus === undefined ? [] : ["--cpus", inputs.cpus]),
    ...["--shm-size", `${inputs.shmSize}m`],
    ...inputs.ulimits.flatMap(({ name, soft, hard }) => ["--ulimit", `${name}=${soft}:${hard}`]),
    // The value is itself a list to Docker, so one with a comma has to be quoted.
    ...(inputs.gpus === undefined ? [] : ["--gpus", csvField(inputs.gpus)]),
    ...inputs.deviceRequests.flatMap(({ deviceIds }) =>
      deviceIds.flatMap((device) => ["--device", device]),
    ),
    ...inputs.envs.flatMap((env) => ["--env", env]),
    ...labelArgs(inputs.labels),
    ...healthArgs(inputs),
    ...(inputs.stopTimeout === undefined ? [] : ["--stop-timeout", String(inputs.stopTimeout)]),
    inputs.image,
    ...inputs.command,
  ];
}

/** Limits that `docker create` and `docker update` take alike. */
export function limitArgs(inputs: ContainerInputs): readonly string[] {
  return [
    ...["--memory", `${inputs.memory}m`],
    ...["--memory-swap", `${inputs.memorySwap}m`],
    ...["--pids-limit", String(inputs.pidsLimit)],
  ];
}

function healthArgs({ healthcheck }: ContainerInputs): readonly string[] {
  const [, ...command] = healthcheck.tests;
  return [
    // The client knows only the shell form.
    ...["--health-cmd", command.map(shellWord).join(" ")],
    ...["--health-interval", healthcheck.interval],
    ...["--health-timeout", healthcheck.timeout],
    ...["--health-start-period", healthcheck.startPeriod],
    ...["--health-retries", String(healthcheck.retries)],
  ];
}

function mountOption(mount: ContainerInputs["mounts"][number]): string {
  return [
    `type=${mount.type}`,
    `source=${mount.source}`,
    `target=${mount.target}`,
    ...(mount.readOnly ? ["readonly"] : []),
  ]
    .map(csvField)
    .join(",");
}

function csvField(field: string): string {
  return /[",]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

function shellWord(word: string): string {
  return /^[\w./:=@-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
