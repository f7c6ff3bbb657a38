import * as pulumi from "@pulumi/pulumi";

/** A resource as the engine would be asked to make it, options included. */
export interface Asked {
  readonly type: string;
  readonly name: string;
  readonly parent: string;
  readonly protect: boolean;
  readonly deleteBeforeReplace: boolean;
  readonly ignoreChanges: readonly string[];
  readonly provider: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

interface Request {
  getType(): string;
  getName(): string;
  getParent(): string;
  getProtect(): boolean | undefined;
  getDeletebeforereplace(): boolean;
  getIgnorechangesList(): string[];
  getProvider(): string;
  getProvidersMap(): { entries(): Iterable<[string, string]> };
}

/** What every made resource has besides its inputs: what a provider would have computed. */
const COMPUTED: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "docker-build:index:Image": { digest: "sha256:built" },
};

/**
 * Runs a program as the engine would, without one, and returns what it asked for, and the value
 * that its outputs come to (undefined in a preview that cannot know it).
 */
export async function registered<T>(
  program: () => pulumi.Output<T>,
  preview: boolean,
): Promise<{ readonly asked: readonly Asked[]; readonly value: T | undefined }> {
  const inputs = new Map<string, Readonly<Record<string, unknown>>>();
  await pulumi.runtime.setMocks(
    {
      newResource: (args) => {
        const given = args.inputs as Readonly<Record<string, unknown>>;
        inputs.set(args.name, given);
        const computed = preview ? {} : COMPUTED[args.type];
        return { id: `id-of-${args.name}`, state: { ...given, ...computed } };
      },
      call: () => {
        throw new Error("a program of ours asks no provider");
      },
    },
    "gpudev",
    "unit",
    preview,
  );
  const requests: Request[] = [];
  const monitor = pulumi.runtime.getMonitor() as unknown as {
    registerResource: (request: Request, reply: unknown) => unknown;
  };
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, reply) => {
    requests.push(request);
    return register(request, reply);
  };
  let value: T | undefined;
  program().apply((known) => (value = known));
  await pulumi.runtime.disconnect();
  // What follows from the last answer is done once this turn of the event loop is.
  await new Promise((resolve) => setImmediate(resolve));
  const asked = requests.map((request) => ({
    type: request.getType(),
    name: request.getName(),
    parent: request.getParent().split("::").at(-1) ?? "",
    protect: request.getProtect() ?? false,
    deleteBeforeReplace: request.getDeletebeforereplace(),
    ignoreChanges: request.getIgnorechangesList(),
    provider: (request.getProvider() || [...request.getProvidersMap().entries()].join()).replace(
      /^.*::([^:]+)::.*$/,
      "$1",
    ),
    inputs: inputs.get(request.getName()) ?? {},
  }));
  return { asked, value };
}
