import { containerEffects, containerSchema } from "./containerInputs";
import type { ContainerInputs } from "./containerInputs";
import { createArgs, limitArgs } from "./containerCommand";
import { waitUntilHealthy } from "./health";
import { isOurs } from "./ownership";
import { defineResource } from "./resource";
import type { Call } from "./resource";
import type { Properties } from "./values";

const identityOf = containerSchema.pick({ name: true, labels: true }).loose();

const ID = /^[0-9a-f]{64}$/;

interface Inspected {
  readonly State?: { readonly Running?: boolean };
  readonly Config?: { readonly Labels?: unknown };
}

/** A Docker container: one user's environment. */
export const container = defineResource<ContainerInputs>({
  schema: containerSchema,
  effects: containerEffects,
  deleteBeforeReplace: true,
  drift: (state) =>
    state["mustRun"] === false ? [{ property: "mustRun", kind: "update", replaces: false }] : [],
  create: async (inputs, call) => {
    await removeLeftover(inputs, call);
    call.report("creating");
    const printed = await call.docker.run(createArgs(inputs), {
      timeout: 0,
      // What is not the new container's id tells of the image being pulled.
      onLine: (line) => (ID.test(line) ? undefined : call.report(line)),
    });
    const id = printed.split("\n").at(-1) ?? "";
    try {
      await start(id, inputs, call);
    } catch (error) {
      await call.docker.run(["rm", "--force", "--volumes", id]);
      throw error;
    }
    return { id, computed: { mustRun: true } };
  },
  read: async (id, _state, { docker }) => {
    const found = (await docker.inspect("container", id)) as Inspected | undefined;
    return found === undefined ? undefined : { mustRun: found.State?.Running === true };
  },
  update: async (id, inputs, state, call) => {
    await call.docker.run(["update", "--restart", inputs.restart, ...limitArgs(inputs), id]);
    if (state["mustRun"] === false) await start(id, inputs, call);
    return { mustRun: true };
  },
  delete: remove,
});

async function start(id: string, inputs: ContainerInputs, call: Call): Promise<void> {
  await call.docker.run(["start", id]);
  if (inputs.wait) await waitUntilHealthy(id, inputs.name, inputs.waitTimeout, call);
}

/** A run that was killed can leave a container that state does not know; it makes way. */
async function removeLeftover({ name, labels }: ContainerInputs, call: Call): Promise<void> {
  const found = (await call.docker.inspect("container", name)) as Inspected | undefined;
  if (found === undefined) return;
  if (!isOurs(labels, found.Config?.Labels)) {
    throw new Error(
      `container ${name} is there already and is not this stack's: remove it (docker rm -f ${name})`,
    );
  }
  call.report("removing what an earlier run left");
  await call.docker.run(["rm", "--force", "--volumes", name]);
}

async function remove(recorded: string, state: Properties, call: Call): Promise<void> {
  const { docker, report } = call;
  const id = await existing(recorded, state, call);
  if (id === undefined) return;
  const grace = Number(state["destroyGraceSeconds"] ?? 10);
  report(`stopping; its processes have ${grace} s to save their work`);
  await docker.run(["stop", "-t", String(grace), id], { timeout: (grace + 60) * 1000 });
  await docker.run(["rm", "--force", "--volumes", id]);
}

/** The container to remove: the recorded one, or the one that a run that was killed put in its place. */
async function existing(
  id: string,
  state: Properties,
  { docker }: Call,
): Promise<string | undefined> {
  if ((await docker.inspect("container", id)) !== undefined) return id;
  const { name, labels } = identityOf.parse(state);
  const found = (await docker.inspect("container", name)) as Inspected | undefined;
  return found !== undefined && isOurs(labels, found.Config?.Labels) ? name : undefined;
}
