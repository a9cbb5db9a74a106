"""x"""
def explained(error,row,args,kwargs): return None
