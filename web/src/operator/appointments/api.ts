/** The HTTP calls about appointments, and the types of their answers. */

import type { AppointmentItem } from "../../messages";
import { get, post } from "../../staff/api";
import { locale } from "../../ui";
import type { Hours } from "../logic/hours";

export interface StaffTimes {
  id: string;
  name: string;
  times: number[];
}

export interface WorkingHours {
  /** The member's own working hours. Null: the member works during the opening hours of the topics. */
  hours: Hours | null;
  /** The member's appointments that cannot take place as booked. */
  touched: AppointmentItem[];
}

const at = (session: string) => `/api/operator/appointments/${encodeURIComponent(session)}`;
const hoursOf = (staff: string) => `/api/settings/staff/${encodeURIComponent(staff)}/hours?lang=${locale()}`;

export const appointments = async () =>
  ((await get(`/api/operator/appointments?lang=${locale()}`)) as { items: AppointmentItem[] }).items;
export const timesFor = (session: string) =>
  get(`${at(session)}/times?timezone=${encodeURIComponent(Intl.DateTimeFormat().resolvedOptions().timeZone)}`) as Promise<
    StaffTimes[]
  >;
/** Moves an appointment. The server refuses the change if the booked time is no longer the time that the page shows. */
export const move = ({ session, booking }: AppointmentItem, time: number, staff: string) =>
  post(`${at(session)}/move`, { at: time, staff, booking });
/** Cancels an appointment. The server refuses the cancellation if the booked time is no longer the time that the page shows. */
export const cancel = ({ session, booking }: AppointmentItem) => post(`${at(session)}/cancel`, { booking });
export const workingHours = (staff: string) => get(hoursOf(staff)) as Promise<WorkingHours>;
export const saveWorkingHours = (staff: string, hours: Hours | null) => post(hoursOf(staff), { hours }) as Promise<WorkingHours>;
