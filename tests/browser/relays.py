"""A browser whose network allows only a TURN relay.

This module also has a script that returns the path of the browser's media, or null while the path is not known.
"""

# Lets the browser use only relays over one transport, as a firewall would.
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
