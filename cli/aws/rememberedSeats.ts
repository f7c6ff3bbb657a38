import { identify, readSeatRecord } from "../seatRecord";
import type { AwsStackOnFile } from "./awsStack";

/** The seats that file and machine remember, with the stack's id; without an id where nothing was ever made. */
export function rememberedSeats({
  settings,
  folders,
}: AwsStackOnFile): AwsStackOnFile["settings"]["seats"] {
  const record = readSeatRecord(folders.seatsFile);
  return record === undefined
    ? settings.seats
    : identify(settings, record, () => record.id).settings.seats;
}
