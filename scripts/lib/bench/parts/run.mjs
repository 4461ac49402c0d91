export const run = async () => ({ tables: [], goals: [], plots: [], raw: null });
