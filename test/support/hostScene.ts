import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { hostBundle } from "../../components/aws/hostBundle";
import { renderUserData } from "../../components/aws/userData";
import { packageRoot } from "../../components/lookups/paths";
import type { HostDraft } from "../../components/plan/aws/documentModel";
import { hostDocument, hostDocumentText } from "../../components/plan/aws/hostDocument";
import { makeAwsPlan } from "../../components/plan/aws/makeAwsPlan";
import { account, awsSettings } from "../plan/aws/world";
import { awsForHost, type AwsForHost } from "./awsForHost";
import { HostMachine } from "./hostMachine";
import { imageName } from "./image";
import { Jupyter } from "./jupyter";
import type { Ended } from "./processes";
import { makeKey, SshClient, type KeyPair } from "./ssh";

/** Everybody who ever works on the host, in the order of their slots. */
export const USERS = ["alice", "bob", "carol", "dave"] as const;
export type User = (typeof USERS)[number];

const IMAGE = "gpudev-e2e/image:1";
const BUCKET = "bucket/team/7f3k2m";
const PARAMETERS = "/gpudev/7f3k2m/host-0";
const SOFTWARE = path.join(packageRoot(), "images", "host");
const INSPECT = "{{.Name}} {{.Id}} {{.State.StartedAt}} {{.State.Health.Status}}";

/** What the host says of itself, as far as these tests look at it. */
export interface Verdict {
  readonly ready: boolean;
  readonly state: string;
  readonly document: string;
  readonly bundle: string;
  readonly words: readonly string[];
  readonly idle?: { readonly host: { readonly action: string; readonly kind: string } };
}

/** One line of the host's decisions. */
export interface Decided {
  readonly event: string;
  readonly action: string;
  readonly kind?: string;
  readonly reason?: string;
  readonly user?: string;
  readonly seconds?: number;
  readonly secondsLeft?: number;
}

/** A user's container: which one it is, since when it runs, and its health. */
export interface Running {
  readonly id: string;
  readonly since: string;
  readonly health: string;
}

export type Document = ReturnType<HostScene["document"]>;
type Lifetime = HostDraft["lifetime"];

/** A host, its AWS and its users, around the plan's own documents and the bundle that would be deployed. */
export class HostScene {
  private readonly jupyters = new Map<User, Jupyter>();

  private constructor(
    readonly folder: string,
    readonly aws: AwsForHost,
    readonly machine: HostMachine,
    readonly keys: Map<User | "new", KeyPair>,
    /** Hash of the bundle that the association names. */
    public bundle: string,
  ) {}

  /** @throws where the machine cannot be made; nothing of it is left then */
  static async make(): Promise<HostScene> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-host-e2e-"));
    const aws = await awsForHost();
    try {
      const keys = new Map<User | "new", KeyPair>();
      for (const name of [...USERS, "new"] as const) keys.set(name, await makeKey(folder, name));
      const { sha256, bytes } = await hostBundle(SOFTWARE);
      aws.objects.set(`${BUCKET}/bundle/${sha256}.tar.gz`, bytes);
      const template = fs.readFileSync(path.join(SOFTWARE, "user-data.sh"), "utf8");
      const values = {
        ...{ bucket: "bucket", prefix: "team/7f3k2m", region: "eu-west-1" },
        ...{ host: "host-0", bundle: sha256 },
      };
      const machine = await HostMachine.make(
        aws.port,
        renderUserData(template, values),
        imageName(),
      );
      return new HostScene(folder, aws, machine, keys, sha256);
    } catch (error) {
      await aws.close();
      fs.rmSync(folder, { recursive: true });
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.machine.remove();
    await this.aws.close();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  /** The machine's Docker gets the environment image, as if it had been pulled. */
  shareImage(): Promise<void> {
    return this.machine.share(imageName(), IMAGE);
  }

  /** The plan's own document for these users, on a machine without a GPU. */
  document(users: readonly User[], lifetime: Partial<Lifetime> = {}) {
    const roster = users.map((name) => ({ name, sshKeys: [this.keys.get(name)?.publicKey] }));
    const seats = USERS.map((name, slot) => [name, { slot, host: 0, devices: [slot] }]);
    const settings = awsSettings(
      roster,
      { hosts: { ladder: [{ type: "g6.12xlarge", market: "on-demand" }] } },
      {
        seats: { id: "7f3k2m", ...Object.fromEntries(seats) },
        gpu: { model: "L4", perUser: 1 },
        limits: { memory: "2GiB", cpus: 1, shm: "64MiB" },
      },
    );
    const [draft] = makeAwsPlan(settings, account()).documents;
    if (draft === undefined) throw new Error("the plan has no host");
    // The plan's end date is a day like any other, which would come some time; a test names its own.
    const { idleStop, graceSeconds, maxLease } = draft.lifetime;
    return hostDocument(
      {
        ...draft,
        checks: { ...draft.checks, gpus: 0 },
        lifetime: { idleStop, graceSeconds, maxLease, ...lifetime },
        environments: draft.environments.map((one) => ({
          ...one,
          devices: [],
          unit: one.unit.replace(/ --device nvidia\.com\/gpu=\S+| --ulimit memlock=\S+/g, ""),
        })),
      },
      { image: IMAGE },
    );
  }

  /** Puts a document into the bucket, changed on its way where `garble` says so. */
  put(document: Document, garble = (text: string) => text): void {
    const text = garble(hostDocumentText(document));
    this.aws.objects.set(`${BUCKET}/documents/host-0.json`, Buffer.from(text));
  }

  /** What the association runs. */
  syncCommand({ version }: Document): string {
    return `gpudev-host sync --bundle ${this.bundle} --version ${version} 2>/dev/null`;
  }

  sync(document: Document): Promise<Ended> {
    return this.machine.try(this.syncCommand(document));
  }

  /** A bundle with another hash goes into the bucket, and the association names it. */
  async newBundle(): Promise<void> {
    const copy = path.join(this.folder, "bundle");
    fs.cpSync(SOFTWARE, copy, { recursive: true });
    fs.appendFileSync(path.join(copy, "gpudev_host", "__init__.py"), "\n# the next release\n");
    const { sha256, bytes } = await hostBundle(copy);
    this.aws.objects.set(`${BUCKET}/bundle/${sha256}.tar.gz`, bytes);
    this.bundle = sha256;
  }

  verdict(): Verdict | undefined {
    const found = this.aws.objects.get(`${BUCKET}/verdicts/host-0.json`);
    return found === undefined ? undefined : (JSON.parse(found.toString()) as Verdict);
  }

  forgetVerdict(): void {
    this.aws.objects.delete(`${BUCKET}/verdicts/host-0.json`);
  }

  /** Everybody's parameters by user and name. */
  parameters(): Record<string, string> {
    return Object.fromEntries(
      [...this.aws.parameters]
        .map(([name, value]) => [name.replace(`${PARAMETERS}/`, ""), value] as const)
        .toSorted(([a], [b]) => (a < b ? -1 : 1)),
    );
  }

  /** Containers that run, by user. */
  async containers(): Promise<Partial<Record<User, Running>>> {
    const lines = await this.machine.sh(
      `docker inspect --format '${INSPECT}' $(docker ps -q) 2>/dev/null || true`,
    );
    return Object.fromEntries(
      lines
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => line.split(" "))
        .map(([name = "", id, since, health]) => [
          name.replace("/gpudev-team-", ""),
          { id, since, health },
        ]),
    );
  }

  /** Who runs, in alphabetical order. */
  async running(): Promise<string[]> {
    return Object.keys(await this.containers()).toSorted();
  }

  /** The decisions so far, also while the machine is off. */
  async decisions(): Promise<Decided[]> {
    const text = await this.machine.read("/var/lib/gpudev/decisions.jsonl").catch(() => "");
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Decided);
  }

  /** A file of a user's home, as the host has it. */
  home(user: User, file: string): Promise<string> {
    return this.machine.read(`/var/lib/gpudev/homes/${user}/${file}`);
  }

  /** A user's SSH client: by a tunnel to the port, strict about the host key that the host published. */
  ssh(user: User, key: KeyPair | undefined = this.keys.get(user)): SshClient {
    const config = path.join(this.folder, `${user}.config`);
    const known = path.join(this.folder, `${user}.known`);
    const hostKey = this.aws.parameters.get(`${PARAMETERS}/${user}/host-key`) ?? "none";
    fs.writeFileSync(known, `${user}.team ${hostKey}\n`);
    const lines = [
      `Host ${user}.team`,
      "  User dev",
      `  HostKeyAlias ${user}.team`,
      `  UserKnownHostsFile ${known}`,
      `  ProxyCommand ${this.machine.tunnel(2222 + USERS.indexOf(user))}`,
    ];
    fs.writeFileSync(config, `${lines.join("\n")}\n`);
    return new SshClient(`${user}.team`, config, key?.file);
  }

  /** A user's Jupyter through a forwarded port, with the token that the host published. */
  async jupyter(user: User): Promise<Jupyter> {
    const known = this.jupyters.get(user);
    if (known !== undefined) return known;
    const port = await this.machine.forward(8888 + USERS.indexOf(user));
    const token = this.aws.parameters.get(`${PARAMETERS}/${user}/token`);
    const jupyter = new Jupyter(`http://127.0.0.1:${port}`, token);
    this.jupyters.set(user, jupyter);
    return jupyter;
  }
}
