import * as pulumi from "@pulumi/pulumi";

/** A resource as the engine would be asked to make it, options included. */
export interface Asked {
  readonly type: string;
  readonly name: string;
  readonly parent: string;
  readonly protect: boolean;
  readonly deleteBeforeReplace: boolean;
  readonly ignoreChanges: readonly string[];
  readonly replaceOnChanges: readonly string[];
  /** Another value makes it anew; undefined: it has none. */
  readonly replacementTrigger: unknown;
  /** Name of the resource whose end is this one's, too. */
  readonly deletedWith: string;
  readonly retainOnDelete: boolean;
  /** Names of the resources that come first. */
  readonly dependencies: readonly string[];
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
  getReplaceonchangesList(): string[];
  getReplacementTrigger(): { toJavaScript(): unknown } | undefined;
  getDeletedwith(): string;
  getRetainondelete(): boolean | undefined;
  getDependenciesList(): string[];
  getProvider(): string;
  getProvidersMap(): { entries(): Iterable<[string, string]> };
}

type Values = Readonly<Record<string, unknown>>;

/** What providers would say. */
export interface Providers {
  /** What a made resource has besides its inputs. */
  readonly computed: (type: string, inputs: Values, id: string) => Values;
  /** Answers to functions. */
  readonly call: (token: string, inputs: Values) => Values;
}

const DOCKER: Providers = {
  computed: (type) => (type === "docker-build:index:Image" ? { digest: "sha256:built" } : {}),
  call: () => {
    throw new Error("a program of ours asks no provider");
  },
};

/**
 * Runs a program as the engine would, without one, and returns what it asked for, and the value
 * that its outputs come to (undefined in a preview that cannot know it).
 */
export async function registered<T>(
  program: () => pulumi.Output<T>,
  preview: boolean,
  providers: Providers = DOCKER,
): Promise<{ readonly asked: readonly Asked[]; readonly value: T | undefined }> {
  const inputs = new Map<string, Values>();
  await pulumi.runtime.setMocks(
    {
      newResource: (args) => {
        const given = args.inputs as Values;
        const id = `id-of-${args.name}`;
        inputs.set(`${args.type} ${args.name}`, given);
        const computed = preview ? {} : providers.computed(args.type, given, id);
        return { id, state: { ...given, ...computed } };
      },
      call: ({ token, inputs: given }) => providers.call(token, given as Values),
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
    replaceOnChanges: request.getReplaceonchangesList(),
    replacementTrigger: request.getReplacementTrigger()?.toJavaScript(),
    deletedWith: request.getDeletedwith().split("::").at(-1) ?? "",
    retainOnDelete: request.getRetainondelete() ?? false,
    dependencies: request.getDependenciesList().map((urn) => urn.split("::").at(-1) ?? ""),
    provider: (request.getProvider() || [...request.getProvidersMap().entries()].join()).replace(
      /^.*::([^:]+)::.*$/,
      "$1",
    ),
    inputs: inputs.get(`${request.getType()} ${request.getName()}`) ?? {},
  }));
  return { asked, value };
}
