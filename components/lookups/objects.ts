import { z } from "zod";
import type { DockerClient } from "./docker";
import type { Answer, DockerNetwork, DockerObject, TakenPort } from "./model";

const LABEL = "dev.gpudev.stack-id";
const NAME_AND_LABEL = `{{.Names}}\t{{.Label "${LABEL}"}}\t{{.Ports}}`;
const VOLUME = `{{.Name}}\t{{.Label "${LABEL}"}}`;

/** A container with the host ports that it publishes. */
export interface ContainerFacts {
  readonly objects: readonly DockerObject[];
  readonly published: readonly TakenPort[];
}

function rows(text: string): string[][] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => line.split("\t"));
}

function labelled(stackId: string | undefined): { stackId?: string } {
  return stackId === undefined || stackId === "" ? {} : { stackId };
}

/** Host sides of Docker's port column, such as `127.0.0.1:8888->8888/tcp, [::]:80-81->80-81/tcp`. */
export function parsePublished(column: string): { address: string; port: number }[] {
  return column.split(", ").flatMap((entry) => {
    const match = /^(.*):(\d+)(?:-(\d+))?->.*\/tcp$/.exec(entry.trim());
    if (match === null) return [];
    const [, host = "", from = "", to = from] = match;
    const address = host.replace(/^\[|\]$/g, "");
    const ports = Array.from({ length: Number(to) - Number(from) + 1 }, (_, i) => Number(from) + i);
    return ports.map((port) => ({ address, port }));
  });
}

/** What `docker container ls --all` prints by our format. */
export function parseContainers(text: string): ContainerFacts {
  const containers = rows(text).map(([names = "", stackId, ports = ""]) => ({
    // A container that others link to has their names for it behind its own.
    name: names.split(",").find((name) => !name.includes("/")) ?? names,
    ...labelled(stackId),
    ports,
  }));
  return {
    objects: containers.map(({ name, stackId }) => ({ name, ...labelled(stackId) })),
    published: containers.flatMap(({ ports, name, ...label }) =>
      parsePublished(ports).map((port) => ({ ...port, holder: `container ${name}`, ...label })),
    ),
  };
}

/** What `docker volume ls` prints by our format. */
export function parseVolumes(text: string): DockerObject[] {
  return rows(text).map(([name = "", stackId]) => ({ name, ...labelled(stackId) }));
}

const networkSchema = z.object({
  Name: z.string(),
  Labels: z.record(z.string(), z.string()).nullish(),
  IPAM: z
    .object({ Config: z.array(z.object({ Subnet: z.string().optional() })).nullish() })
    .nullish(),
});

/** What `docker network inspect --format '{{json .}}'` prints, one network a line. */
export function parseNetworks(text: string): DockerNetwork[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line) => {
    const network = networkSchema.parse(JSON.parse(line));
    return {
      name: network.Name,
      subnets: (network.IPAM?.Config ?? []).flatMap(({ Subnet }) => Subnet ?? []),
      ...labelled(network.Labels?.[LABEL]),
    };
  });
}

/** What `docker image ls` prints by our format: `repository:tag` and `repository@digest` of each image. */
export function parseImages(text: string): string[] {
  return rows(text).flatMap(([repository = "", tag = "", digest = ""]) => [
    ...(tag === "<none>" ? [] : [`${repository}:${tag}`]),
    ...(digest === "<none>" || digest === "" ? [] : [`${repository}@${digest}`]),
  ]);
}

function map<A, B>(answer: Answer<A>, change: (value: A) => B): Answer<B> {
  return answer.known ? { known: true, value: change(answer.value) } : answer;
}

export async function readContainers(docker: DockerClient): Promise<Answer<ContainerFacts>> {
  const list = await docker.ask([
    "container",
    "ls",
    "--all",
    "--no-trunc",
    "--format",
    NAME_AND_LABEL,
  ]);
  return map(list, parseContainers);
}

export async function readVolumes(docker: DockerClient): Promise<Answer<DockerObject[]>> {
  return map(await docker.ask(["volume", "ls", "--format", VOLUME]), parseVolumes);
}

export async function readNetworks(docker: DockerClient): Promise<Answer<DockerNetwork[]>> {
  const list = await docker.ask(["network", "ls", "--no-trunc", "--quiet"]);
  if (!list.known) return list;
  const ids = list.value.split("\n").filter((id) => id !== "");
  if (ids.length === 0) return { known: true, value: [] };
  // One that goes away between the two questions makes Docker complain; what it prints of the others counts.
  const result = await docker.run(["network", "inspect", "--format", "{{json .}}", ...ids]);
  if (result.stdout.trim() === "") return { known: false, because: result.stderr.trim() };
  return { known: true, value: parseNetworks(result.stdout) };
}

export async function readImages(docker: DockerClient): Promise<Answer<string[]>> {
  const format = "{{.Repository}}\t{{.Tag}}\t{{.Digest}}";
  return map(await docker.ask(["image", "ls", "--digests", "--format", format]), parseImages);
}
