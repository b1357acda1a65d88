/* The service's stream: 16-bit samples go out, estimates come in. */

import { address, currentToken } from "./service.js";

const BUSY = 1013;

/** One connection to /v1/stream. */
export class Stream {
  /**
   * @param {{model: string, rate: number}} asked
   * @param {{ready: Function, estimate: Function, ended: Function, failed: Function}} told Called with what the service
   *   says; `failed` with `{kind, detail}`, where kind is busy, refused, unreachable or lost. After `ended` or `failed`
   *   nothing more comes.
   */
  constructor(asked, told) {
    this.told = told;
    this.isReady = false;
    this.hasEnded = false;
    this.detail = "";
    const url = address("v1/stream", asked);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    this.socket = new WebSocket(url, currentToken() === "" ? [] : [`bearer.${currentToken()}`]);
    this.socket.onmessage = ({ data }) => this.hear(JSON.parse(data));
    this.socket.onclose = ({ code }) => this.close(code);
  }

  /** Send samples; what comes before the service is ready is dropped. */
  send(bytes) {
    if (this.isReady && this.socket.readyState === WebSocket.OPEN) this.socket.send(bytes);
  }

  /** Bytes that wait to be sent. */
  get waiting() {
    return this.socket.bufferedAmount;
  }

  /** Ask for the last estimates; `ended` follows. */
  finish() {
    if (this.socket.readyState === WebSocket.OPEN) {
      this.socket.send(JSON.stringify({ type: "end" }));
      return;
    }
    this.abandon();
    this.told.ended();
  }

  /** Close at once, and tell nobody. */
  abandon() {
    this.hasEnded = true;
    this.socket.close();
  }

  hear(message) {
    if (this.hasEnded) return;
    if (message.type === "ready") {
      this.isReady = true;
      this.told.ready(message);
    } else if (message.type === "estimate") this.told.estimate(message);
    else if (message.type === "error") this.detail = message.detail ?? message.title ?? "";
    else if (message.type === "end") this.end();
  }

  end() {
    this.hasEnded = true;
    this.told.ended();
  }

  close(code) {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.told.failed({ kind: this.kind(code), detail: this.detail });
  }

  kind(code) {
    if (code === BUSY) return "busy";
    if (this.detail !== "") return "refused";
    return this.isReady ? "lost" : "unreachable";
  }
}
