import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { HostDocument, HostDraft } from "../../components/plan/aws/documentModel";
import { awsForHost, type AwsForHost } from "./awsForHost";
import {
  forgetVerdict,
  gpuLessDocument,
  IMAGE,
  PARAMETERS,
  putBundle,
  putDocument,
  SOFTWARE,
  userDataFor,
  verdictIn,
  type Verdict,
} from "./hostDeployment";
import { HostMachine } from "./hostMachine";
import { imageName } from "./image";
import { Jupyter } from "./jupyter";
import type { Ended } from "./processes";
import { makeKey, SshClient, type KeyPair } from "./ssh";

/** Everybody who ever works on the host, in the order of their slots. */
const USERS = ["alice", "bob", "carol", "dave"] as const;
export type User = (typeof USERS)[number];

const INSPECT = "{{.Name}} {{.Id}} {{.State.StartedAt}} {{.State.Health.Status}}";

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
interface Running {
  readonly id: string;
  readonly since: string;
  readonly health: string;
}

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
      const bundle = await putBundle(aws, SOFTWARE);
      const machine = await HostMachine.make(aws.port, userDataFor(bundle), imageName());
      return new HostScene(folder, aws, machine, keys, bundle);
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
  document(users: readonly User[], lifetime: Partial<Lifetime> = {}): HostDocument {
    const sshKeys = (name: User) => [this.keys.get(name)?.publicKey ?? ""];
    const roster = users.map((name) => ({ name, sshKeys: sshKeys(name) }));
    return gpuLessDocument({ users: roster, everybody: USERS }, (draft) => ({
      ...draft,
      lifetime: { ...draft.lifetime, ...lifetime },
    }));
  }

  /** Puts a document into the bucket, changed on its way where `garble` says so. */
  put(document: HostDocument, garble?: (text: string) => string): void {
    putDocument(this.aws, document, garble);
  }

  /** What the association runs. */
  syncCommand({ version }: HostDocument): string {
    return `gpudev-host sync --bundle ${this.bundle} --version ${version} 2>/dev/null`;
  }

  sync(document: HostDocument): Promise<Ended> {
    return this.machine.try(this.syncCommand(document));
  }

  /** A bundle with another hash goes into the bucket, and the association names it. */
  async newBundle(): Promise<void> {
    const copy = path.join(this.folder, "bundle");
    fs.cpSync(SOFTWARE, copy, { recursive: true });
    fs.appendFileSync(path.join(copy, "gpudev_host", "__init__.py"), "\n# the next release\n");
    this.bundle = await putBundle(this.aws, copy);
  }

  verdict(): Verdict | undefined {
    return verdictIn(this.aws);
  }

  forgetVerdict(): void {
    forgetVerdict(this.aws);
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
