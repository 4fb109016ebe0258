/** The HTTP calls of the webhooks, and the types of their answers. */
import { get, post } from "../../staff/api";

export interface Webhook {
  id: string;
  url: string;
  events: string[];
  /** The sites whose events the webhook gets. Null: all sites. */
  sites: string[] | null;
  state: "on" | "off" | "failed";
  why: string;
  failures: number;
  waiting: number;
  crowded: boolean;
  /** The time until which the server also signs deliveries with the old secret (Unix ms); 0 if the server signs with one secret
   * only. */
  both_until: number;
  well_at: number;
}

export interface Attempt {
  at: number;
  took_ms: number;
  /** The HTTP status of the answer; 0 if no answer came. */
  status: number;
  why: string;
  answer: string;
}

export interface Delivery {
  n: number;
  id: string;
  type: string;
  session: string;
  state: "queued" | "sent" | "failed";
  at: number;
  next_at: number;
  tries: number;
  attempts: Attempt[];
}

export interface WebhookFields {
  url: string;
  events: string[];
  sites: string[] | null;
}

const path = "/api/settings/webhooks";
const of = (id: string) => `${path}/${encodeURIComponent(id)}`;

export const webhooks = () => get(path) as Promise<{ items: Webhook[]; events: string[] }>;
export const addWebhook = (fields: WebhookFields) => post(path, fields) as Promise<{ id: string; secret: string }>;
export const changeWebhook = (id: string, fields: WebhookFields, on: boolean) => post(of(id), { ...fields, on });
export const rotateWebhook = (id: string) => post(`${of(id)}/rotate`) as Promise<{ id: string; secret: string }>;
export const removeWebhook = (id: string) => post(`${of(id)}/remove`);
export const testWebhook = (id: string) => post(`${of(id)}/test`);
export const deliveries = (id: string) => get(`${of(id)}/deliveries`) as Promise<Delivery[]>;
export const sendAgain = (id: string, n: number) => post(`${of(id)}/deliveries/${n}/send`);
