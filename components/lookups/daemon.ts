import { z } from "zod";
import type { DockerClient } from "./docker";
import { lastLine, type Machine } from "./machine";
import type { Answer, DaemonFacts, EnforcedLimit } from "./model";

const infoSchema = z.object({
  ServerVersion: z.string().min(1),
  NCPU: z.number(),
  MemTotal: z.number(),
  DockerRootDir: z.string(),
  Architecture: z.string(),
  Runtimes: z.record(z.string(), z.unknown()).nullish(),
  SecurityOptions: z.array(z.string()).nullish(),
  CDISpecDirs: z.array(z.string()).nullish(),
  DiscoveredDevices: z.array(z.object({ Source: z.string(), ID: z.string() })).nullish(),
  MemoryLimit: z.boolean().nullish(),
  SwapLimit: z.boolean().nullish(),
  CpuCfsQuota: z.boolean().nullish(),
  PidsLimit: z.boolean().nullish(),
});

type Info = z.output<typeof infoSchema>;

function enforced(info: Info): EnforcedLimit[] {
  const limits: [EnforcedLimit, boolean | null | undefined][] = [
    ["memory", info.MemoryLimit],
    ["swap", info.SwapLimit],
    ["cpus", info.CpuCfsQuota],
    ["pids", info.PidsLimit],
  ];
  return limits.flatMap(([limit, on]) => (on === true ? [limit] : []));
}

/** What `docker info --format '{{json .}}'` says, and whether its CDI devices have to be asked for on the machine. */
export function parseInfo(
  json: string,
  local: boolean,
): Answer<{ facts: DaemonFacts; askCdi: boolean }> {
  const parsed = infoSchema.safeParse(JSON.parse(json));
  if (!parsed.success) {
    const errors = z.object({ ServerErrors: z.array(z.string()) }).safeParse(JSON.parse(json));
    const because = errors.success
      ? lastLine(errors.data.ServerErrors.join("\n"))
      : "docker info tells too little of the daemon";
    return { known: false, because };
  }
  const info = parsed.data;
  const security = info.SecurityOptions ?? [];
  const facts: DaemonFacts = {
    version: info.ServerVersion,
    cpus: info.NCPU,
    memory: info.MemTotal,
    runtimes: Object.keys(info.Runtimes ?? {}).toSorted(),
    cdiDevices: (info.DiscoveredDevices ?? [])
      .filter((device) => device.Source === "cdi")
      .map((device) => device.ID),
    root: info.DockerRootDir,
    local,
    rootless: security.some((option) => option.startsWith("name=rootless")),
    architecture: info.Architecture,
    enforces: enforced(info),
    seccomp: security.some(
      (option) => option.startsWith("name=seccomp") && !option.includes("profile=unconfined"),
    ),
  };
  // Docker names the devices themselves only since 28.2; before that it names the folders it reads.
  const askCdi = facts.cdiDevices.length === 0 && (info.CDISpecDirs ?? []).length > 0;
  return { known: true, value: { facts, askCdi } };
}

/** Device names that `nvidia-ctk cdi list` prints. */
export function parseCdiList(text: string): string[] {
  return text.split("\n").flatMap((line) => /^\s*(nvidia\.com\/\S+=\S+)\s*$/.exec(line)?.[1] ?? []);
}

/** Asks the daemon about itself. */
export async function readDaemon(
  docker: DockerClient,
  machine: Machine,
): Promise<Answer<DaemonFacts>> {
  const answer = await docker.ask(["info", "--format", "{{json .}}"]);
  if (!answer.known) return answer;
  const info = parseInfo(answer.value, docker.local);
  if (!info.known) return info;
  const { facts, askCdi } = info.value;
  if (!askCdi) return { known: true, value: facts };
  const list = await machine.run("nvidia-ctk", ["cdi", "list"]);
  const cdiDevices = list.known && list.value.exitCode === 0 ? parseCdiList(list.value.stdout) : [];
  return { known: true, value: { ...facts, cdiDevices } };
}
