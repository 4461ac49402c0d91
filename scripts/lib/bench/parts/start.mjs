export const start = async () => ({ tables: [], goals: [], plots: [], raw: null });
