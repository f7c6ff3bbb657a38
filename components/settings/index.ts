export type { Finding, Severity } from "./finding";
export { parseSettings, type ParsedSettings, type SettingsInput } from "./parse";
export { addRosterRow, removeRosterRow } from "./rosterFile";
export { type GpuRequest, type Seat, type Settings, type User } from "./schema";
export { settingsError } from "./settingsError";
export {
  addUser,
  forgetSeat,
  newStackId,
  type NewUser,
  readStackConfig,
  recordSeats,
  removeUser,
  rosterOf,
  type SeatsRecord,
  setValue,
  StackFileError,
} from "./stackFile";
