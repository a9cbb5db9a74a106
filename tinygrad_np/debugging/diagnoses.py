"""x"""
def reason(case): return ""
