export const latency = async () => ({ tables: [], goals: [], plots: [], raw: null });
