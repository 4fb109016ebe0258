// A program that uses the generated TypeScript types. It starts a conversation and reads it, books, moves and cancels an
// appointment, and exports and erases the data of the user.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { paths } from "./schema.ts";

const api = createClient<paths>({
  baseUrl: process.env.SANGDAM!,
  headers: { Authorization: `Bearer ${process.env.TOKEN}` },
});
const person = { user_id: "customer-ts" };

const wanted = {
  site: "demo-shop",
  category: "cameras",
  language: "ko",
  link_hours: 48,
  user: { id: person.user_id, name: "민아" },
  line: { text: "Your lens has arrived.", staff: "jimin" },
};
const request = { body: wanted, params: { header: { "Idempotency-Key": "typescript-1" } } };
const { data: started } = await api.POST("/api/v1/conversations", request);
assert(started);
assert.deepEqual((await api.POST("/api/v1/conversations", request)).data, started);

const { data: read } = await api.GET("/api/v1/sessions/{id}", { params: { path: { id: started.session } } });
assert.deepEqual(
  read?.lines.map((line) => line.text),
  ["Your lens has arrived."],
);

const asked = { category: "cameras", language: "ko", timezone: "Asia/Seoul" };
const { data: free } = await api.GET("/api/v1/sites/{site}/times", {
  params: { path: { site: "demo-shop" }, query: asked },
});
const member = free?.find((each) => each.times.length > 3);
assert(member);
const { data: booked } = await api.POST("/api/v1/appointments", {
  body: {
    site: "demo-shop",
    category: "cameras",
    language: "ko",
    user: { id: person.user_id },
    at: member.times[0],
    staff: member.id,
  },
});
assert(booked);
const params = { path: { id: booked.appointment.session } };
const { data: moved } = await api.POST("/api/v1/appointments/{id}/move", { params, body: { at: member.times[3] } });
assert.deepEqual([moved?.at, moved?.staff], [member.times[3], member.id]);
const { data: cancelled } = await api.POST("/api/v1/appointments/{id}/cancel", { params });
assert.equal(cancelled?.state, "cancelled");

const { data: exported } = await api.POST("/api/v1/people/export", { body: person, parseAs: "arrayBuffer" });
assert.equal(Buffer.from(exported as unknown as ArrayBuffer).toString("latin1", 0, 2), "PK");

const { data: erased } = await api.POST("/api/v1/people/erase", { body: person });
assert.equal(erased?.sessions, 2);
assert(Object.values(erased.left).every((count) => count === 0));

const { error: gone } = await api.GET("/api/v1/sessions/{id}", { params: { path: { id: started.session } } });
assert.equal(gone?.reason, "erased");
const { error } = await api.GET("/api/v1/sessions/{id}", { params: { path: { id: "s-nothing" } } });
assert.equal(error?.reason, "not_found");
const { data: found } = await api.POST("/api/v1/people/find", { body: person });
console.log("left", JSON.stringify(found?.sessions));
