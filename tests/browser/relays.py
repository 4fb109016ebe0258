"""A browser whose network lets nothing through but a relay, and what it says of its path."""

# A browser's own policy, and only the relays of one transport: what a firewall does to it.
ONLY_RELAYS = """
(transport) => {
  const Native = RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(configuration) {
      super({ ...configuration, iceTransportPolicy: "relay" });
      (window.__peers ??= []).push(this);
    }
    setConfiguration(configuration) {
      const iceServers = configuration.iceServers.map((server) =>
        ({ ...server, urls: server.urls.filter((url) => url.endsWith("transport=" + transport)) }));
      super.setConfiguration({ ...configuration, iceServers });
    }
  };
}
"""

PATH = """
async () => {
  const stats = [...(await window.__peers.at(-1).getStats()).values()];
  const pair = stats.find((each) => each.type === "candidate-pair" && each.nominated && each.bytesReceived > 10000);
  const local = stats.find((each) => each.id === pair?.localCandidateId);
  return local ? [local.candidateType, local.relayProtocol] : null;
}
"""
