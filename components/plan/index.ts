export { makePlan } from "./makePlan";
export type { AwsPlan } from "./aws/model";
export type {
  ContainerProfile,
  Plan,
  PlannedEnvironment,
  RetainedHome,
  WorkstationPlan,
} from "./model";
export { seatLine } from "./seats";
