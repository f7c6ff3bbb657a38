import type { Lookups } from "../lookups/model";
import type { Seat, Settings } from "../settings/schema";
import { checkBinding, reachableAt } from "./binding";
import { checkDaemon } from "./daemon";
import { heldNames } from "./devices";
import { checkDisk } from "./disk";
import { checkDriver } from "./driver";
import { checkFiles } from "./files";
import { orderFindings } from "./findings";
import { gpuAccess } from "./gpuAccess";
import { placeOnGpus } from "./gpus";
import { resolveImage } from "./image";
import { checkLifetime } from "./lifetime";
import { machineOf, resolveLimits } from "./limits";
import { checkId, idOf } from "./identity";
import { membersOf, recordedSeats } from "./members";
import type { WorkstationPlan, PlannedEnvironment, RetainedHome } from "./model";
import { checkNames, labelsOf, namesOf } from "./names";
import { assignSubnets } from "./network";
import { assignPorts } from "./ports";
import { mountsOf, profileOf, servesTls } from "./profile";
import { checkRelaxations } from "./relaxations";
import { seatUsers } from "./seats";

/**
 * Decides everything about a stack: who sits where, ports, networks, names, limits, the image, each
 * environment's container profile, and what will not work and why. Pure: the same settings and
 * lookups give the same plan. Nothing may be created while a finding is an error.
 */
export function makePlan(settings: Settings, lookups: Lookups): WorkstationPlan {
  const id = idOf(settings);
  const { stack, team } = settings;
  const members = membersOf(settings);
  const placed = placeOnGpus(settings, lookups, members);
  const seated = seatUsers(settings, members, placed.value.ids, heldNames(placed.value));
  const slots = new Map([...seated.value.users].map(([user, seat]) => [user, seat.slot]));
  const subnets = assignSubnets(settings, lookups, slots, id);
  const ports = assignPorts(settings, lookups, slots, id);
  const access = gpuAccess(settings, lookups, placed.value.gpus);
  const counts = new Map([...placed.value.ids].map(([user, ids]) => [user, ids.length]));
  const limits = resolveLimits(settings, members, machineOf(lookups), counts);
  const image = resolveImage(settings, lookups);
  const users = [...slots.keys()];
  const left = [...recordedSeats(settings).keys()].filter((user) => !slots.has(user));

  const environments = members
    .map(({ user }): PlannedEnvironment => {
      const { name } = user;
      const names = namesOf(stack, name);
      const seat = found<Seat>(seated.value.users, name);
      const gpu = access.value.get(name);
      return {
        user: name,
        seat,
        ...names,
        network: { name: names.network, ...found(subnets.value, name) },
        authorizedKeys: settings.services.ssh ? user.sshKeys : [],
        profile: profileOf(settings, {
          mounts: mountsOf(settings, {
            user: name,
            homeVolume: names.homeVolume,
            local: lookups.docker.local,
            stateDirectory: lookups.stateDirectory,
          }),
          tls: servesTls(settings),
          limits: found(limits.value, name),
          ports: found(ports.value, name),
          ...(gpu === undefined ? {} : { gpu }),
        }),
        labels: labelsOf(stack, name, id),
      };
    })
    .toSorted((a, b) => a.seat.slot - b.seat.slot);

  const findings = [
    ...checkDaemon(lookups),
    ...checkId(settings, lookups.time),
    ...seated.findings,
    ...placed.findings,
    ...access.findings,
    ...image.findings,
    ...checkDriver(lookups, image.value.build, [...placed.value.gpus.values()].flat()),
    ...limits.findings,
    ...subnets.findings,
    ...ports.findings,
    ...checkNames(stack, users, left, lookups, id),
    ...checkBinding(settings, lookups),
    ...checkRelaxations(settings, lookups.docker),
    ...checkFiles(settings, lookups),
    ...checkDisk(image.value.image, lookups),
    ...checkLifetime(settings, lookups.time),
  ];
  return {
    stack,
    team,
    target: "workstation",
    id,
    docker: {
      provider: settings.docker.provider,
      local: lookups.docker.local,
      reachableAt: reachableAt(settings, lookups),
      ...(lookups.docker.host === undefined ? {} : { host: lookups.docker.host }),
    },
    image: image.value.image,
    environments,
    retainedHomes: left.map((user): RetainedHome => ({
      user,
      homeVolume: namesOf(stack, user).homeVolume,
      labels: labelsOf(stack, user, id),
    })),
    seats: seated.value.seats,
    findings: orderFindings(findings),
  };
}

function found<T>(values: ReadonlyMap<string, T>, user: string): T {
  const value = values.get(user);
  if (value === undefined) throw new Error(`the plan has nothing for ${user}`);
  return value;
}
