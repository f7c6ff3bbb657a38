import { z } from "zod";
import { isOurs, labelArgs } from "./ownership";
import { defineResource } from "./resource";
import type { Call } from "./resource";
import { label } from "./volume";

const schema = z.strictObject({
  name: z.string().min(1),
  driver: z.literal("bridge").default("bridge"),
  ipamConfigs: z.array(z.strictObject({ subnet: z.string(), gateway: z.string() })).length(1),
  labels: z.array(label).default([]),
});

type NetworkInputs = z.output<typeof schema>;

interface Inspected {
  readonly Id: string;
  readonly Labels?: unknown;
  readonly IPAM?: {
    readonly Config?: readonly { readonly Subnet?: string; readonly Gateway?: string }[] | null;
  };
  readonly Containers?: Readonly<Record<string, unknown>> | null;
}

/** A Docker bridge network of one user. */
export const network = defineResource<NetworkInputs>({
  schema,
  effects: { name: "replace", driver: "replace", ipamConfigs: "replace", labels: "replace" },
  deleteBeforeReplace: true,
  create: async (inputs, call) => {
    const computed = { scope: "local", internal: false };
    const kept = await leftover(inputs, call);
    if (kept !== undefined) return { id: kept, computed };
    const id = await call.docker.run([
      ...["network", "create", "--driver", inputs.driver],
      ...inputs.ipamConfigs.flatMap(({ subnet, gateway }) => [
        ...["--subnet", subnet],
        ...["--gateway", gateway],
      ]),
      ...labelArgs(inputs.labels),
      inputs.name,
    ]);
    return { id, computed };
  },
  read: async (id, _state, { docker }) =>
    (await docker.inspect("network", id)) === undefined ? undefined : {},
  delete: async (id, _state, { docker }) => {
    if ((await docker.inspect("network", id)) === undefined) return;
    await docker.run(["network", "rm", id]);
  },
});

/** A run that was killed can leave a network that state does not know: it is kept if it is the same, else it makes way. */
async function leftover(
  inputs: NetworkInputs,
  { docker, report }: Call,
): Promise<string | undefined> {
  const { name, labels, ipamConfigs } = inputs;
  const found = (await docker.inspect("network", name)) as Inspected | undefined;
  if (found === undefined) return undefined;
  if (!isOurs(labels, found.Labels)) {
    throw new Error(
      `network ${name} is there already and is not this stack's: remove it (docker network rm ${name})`,
    );
  }
  const ranges = (found.IPAM?.Config ?? []).map(({ Subnet, Gateway }) => `${Subnet} ${Gateway}`);
  if (ranges.join() === ipamConfigs.map((one) => `${one.subnet} ${one.gateway}`).join()) {
    report("going on with the network that is there");
    return found.Id;
  }
  report("removing what an earlier run left");
  for (const id of Object.keys(found.Containers ?? {})) {
    const attached = (await docker.inspect("container", id)) as
      { readonly Config?: { readonly Labels?: unknown } } | undefined;
    if (isOurs(labels, attached?.Config?.Labels)) await docker.run(["rm", "--force", id]);
  }
  await docker.run(["network", "rm", name]);
  return undefined;
}
