export const scale = async () => ({ tables: [], goals: [], plots: [], raw: null });
